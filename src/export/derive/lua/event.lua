-- Events and findings are JSON. A small reader, since Wireshark has none; it takes whatever bytes come: what is no
-- JSON is shown as text.

local json = {}
local deepest = 32

local function skip_space(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

local words = { ["true"] = true, ["false"] = true, null = true }
local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

-- A code point as UTF-8.
local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return string.char(
    0xf0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64, 0x80 + math.floor(code / 64) % 64,
    0x80 + code % 64)
end

local function read_escape(text, at)
  local sign = text:sub(at, at)
  if sign ~= "u" then return escapes[sign] or sign, at + 1 end
  local code = tonumber(text:match("^%x%x%x%x", at + 1) or "", 16)
  if not code then return nil end
  local low = code >= 0xd800 and code < 0xdc00 and tonumber(text:match("^\\u(%x%x%x%x)", at + 5) or "", 16)
  if low and low >= 0xdc00 and low < 0xe000 then
    return utf8_of(0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00)), at + 11
  end
  return utf8_of(code), at + 5
end

function json.string(text, at)
  local parts = {}
  at = at + 1
  while true do
    local stop = text:find('["\\%c]', at)
    if not stop or text:find("^%c", stop) then return nil end
    table.insert(parts, text:sub(at, stop - 1))
    if text:sub(stop, stop) == '"' then return { text = table.concat(parts) }, stop + 1 end
    local piece
    piece, at = read_escape(text, stop + 1)
    if not piece then return nil end
    table.insert(parts, piece)
  end
end

-- The values between two brackets; `read` takes one entry and adds it to the list.
local function read_list(text, at, close, read)
  local list = {}
  at = skip_space(text, at + 1)
  if text:sub(at, at) == close then return { list = list }, at + 1 end
  while true do
    at = read(at, list)
    if not at then return nil end
    at = skip_space(text, at)
    local sign = text:sub(at, at)
    if sign == close then return { list = list }, at + 1 end
    if sign ~= "," then return nil end
    at = skip_space(text, at + 1)
  end
end

-- The value at a position, and the position after it; nil where there is none.
function json.value(text, at, depth)
  at = skip_space(text, at)
  local sign = text:sub(at, at)
  if sign == '"' then return json.string(text, at) end
  if (sign == "{" or sign == "[") and depth >= deepest then return nil end
  if sign == "[" then
    return read_list(text, at, "]", function(from, list)
      local value, next_at = json.value(text, from, depth + 1)
      if value then table.insert(list, { path = string.format("[%d]", #list), value = value }) end
      return next_at
    end)
  end
  if sign == "{" then
    return read_list(text, at, "}", function(from, list)
      if text:sub(from, from) ~= '"' then return nil end
      local key, colon = json.string(text, from)
      colon = key and text:match("^%s*:()", colon)
      if not colon then return nil end
      local value, next_at = json.value(text, colon, depth + 1)
      if value then table.insert(list, { path = "." .. key.text, value = value }) end
      return next_at
    end)
  end
  local plain, stop = text:match("^([-+.%w]+)()", at)
  if not plain or not (words[plain] or plain:match("^-?%d+%.?%d*[eE]?[-+]?%d*$")) then return nil end
  return { text = plain }, stop
end

-- The values of a JSON text as a flat list of { path, text }; nil where it is no JSON.
local function json_leaves(text)
  local whole, stop = json.value(text, 1, 0)
  if not whole or not text:find("^%s*{") or skip_space(text, stop) <= #text then return nil end
  local leaves = {}
  local function collect(value, path)
    if value.text then
      table.insert(leaves, { path = (path:gsub("^%.", "")), text = value.text })
    else
      for _, entry in ipairs(value.list) do collect(entry.value, path .. entry.path) end
    end
  end
  collect(whole, "")
  return leaves
end

local name_in = { event = "event", finding = "rule" }

-- Shows an event or finding; returns a line about it.
local function add_event(tree, tvb, kind)
  local text = tvb:len() > 0 and tvb:raw() or ""
  local leaves = json_leaves(text)
  if not leaves then
    if tvb:len() > 0 then tree:add(vhuscope.fields.raw, tvb()) end
    local whole = tvb:len() == tvb:reported_len()
    if whole then tree:add_proto_expert_info(vhuscope.malformed, kind .. " without readable JSON")
    else tree:add_proto_expert_info(vhuscope.truncated, "truncated by capture") end
    return kind
  end
  local name, details = kind, {}
  for _, leaf in ipairs(leaves) do
    if leaf.path == name_in[kind] then
      name = leaf.text
      tree:add(vhuscope.fields[kind], tvb(), leaf.text)
    else
      local line = leaf.path .. "=" .. leaf.text
      tree:add(vhuscope.fields["event.value"], tvb(), line):set_text(line)
      table.insert(details, line)
    end
  end
  return name .. (#details > 0 and " " .. table.concat(details, " ") or "")
end
