-- One line about a message, as `vhuscope read` prints it: values that are zero are left out, unless they tell something.

local text_of_values

-- Several values between braces; entries that have only zeros are counted.
local function text_of_entries(entries, of)
  local texts, zeros = {}, 0
  local function flush()
    if zeros > 0 then table.insert(texts, zeros == 1 and "{}" or "{}*" .. zeros) end
    zeros = 0
  end
  for _, entry in ipairs(entries) do
    local empty = true
    for _, value in ipairs(entry) do empty = empty and value.zero end
    if empty then
      zeros = zeros + 1
    else
      flush()
      table.insert(texts, "{" .. text_of_values(entry, spec.structs[of].line) .. "}")
    end
  end
  flush()
  return "[" .. table.concat(texts, " ") .. "]"
end

-- A number in decimal, but in hexadecimal where it has more than 32 bits.
local function short_number(text)
  local number = UInt64(text)
  return number:higher() == 0 and text or hexadecimal(number:lower(), number:higher())
end

local function text_of_value(value, line)
  if value.group then return value.name .. "={" .. text_of_values(value.group, spec.structs[value.of].line) .. "}" end
  if value.entries then return value.name .. "=" .. text_of_entries(value.entries, value.of) end
  if not value.text then return value.name end
  if line.ack then return value.zero and "ok" or "failed(" .. short_number(value.text) .. ")" end
  local bare = line.bare and value.kind ~= "pad" and value.kind ~= "word"
  return bare and value.text or value.name .. "=" .. value.text
end

-- Whether a value is worth its place: a count that equals what is listed is not.
local function is_told(value, values, line)
  if value.counts then
    for _, other in ipairs(values) do
      if other.entries and other.whole then return false end
    end
    return not value.zero
  end
  return not value.zero or line.always[value.name] == true
end

text_of_values = function(values, line)
  local told = {}
  for i, value in ipairs(values) do
    if is_told(value, values, line) then
      table.insert(told, { rank = line.rank and (line.rank[value.step] or 0) or 0, at = i, value = value })
    end
  end
  table.sort(told, function(a, b) return a.rank < b.rank or (a.rank == b.rank and a.at < b.at) end)
  local texts = {}
  for i, entry in ipairs(told) do texts[i] = text_of_value(entry.value, line) end
  return table.concat(texts, " ")
end

local function fds_of(context)
  local fds, count = context.fds or {}, context.fd_count or 0
  if count == 0 then return "" end
  if count == 1 and #fds == 1 then return " fd=" .. fds[1] end
  local more = count > #fds and (#fds > 0 and " +" or "+") .. (count - #fds) or ""
  return " fds=[" .. table.concat(fds, " ") .. more .. "]"
end

local function line_of(name, reply, flags, context, walk, values, variant)
  local gpu = context.channel == "gpu"
  local line = (reply and context.answers and "\226\148\148 " or "") .. name
  if reply then line = line .. " ="
  elseif not gpu and bit_of(flags, 0, 3) then line = line .. " need_reply" end
  local text = variant and text_of_values(values, variant.line) or ""
  if text ~= "" then line = line .. " " .. text end
  if walk.captured > walk.at then line = line .. string.format(" +[%d bytes]", walk.captured - walk.at) end
  line = line .. fds_of(context)
  if #walk.problems > 0 then line = line .. "  # " .. table.concat(walk.problems, ", ") end
  if walk.cut then line = line .. "  # truncated by capture" end
  return line
end
