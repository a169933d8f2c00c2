-- One line about a message, as `vhuscope read` prints it.

local text_of_values

local function text_of_value(value)
  if value.group then return "{" .. text_of_values(value.group) .. "}" end
  if value.entries then
    local texts = {}
    for i, entry in ipairs(value.entries) do texts[i] = "{" .. text_of_values(entry) .. "}" end
    return "[" .. table.concat(texts, " ") .. "]"
  end
  return value.text
end

text_of_values = function(values)
  local texts = {}
  for _, value in ipairs(values) do
    if not value.quiet then table.insert(texts, value.name .. "=" .. text_of_value(value)) end
  end
  return table.concat(texts, " ")
end

local function line_of(name, id, reply, flags, context, walk, values, variant)
  local line = string.format("%s(%.0f)", name, id) .. (reply and " reply" or "")
  local text = text_of_values(values)
  if text ~= "" then line = line .. " " .. text end
  if context.fds and #context.fds > 0 then line = line .. " fds=" .. table.concat(context.fds, ",") end
  if #walk.problems > 0 then line = line .. " malformed: " .. walk.problems[1] end
  if walk.cut then line = line .. " (truncated by capture)" end
  return line
end
