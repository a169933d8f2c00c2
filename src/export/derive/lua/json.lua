-- A small reader of JSON, since Wireshark has none; it takes whatever bytes come. A value is { text }, a string
-- { text, quoted }, a list or an object { list, object } of entries with their `value` and, in an object, their `key`.

local json = {}
local deepest = 32

local function skip_space(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

local words = { ["true"] = true, ["false"] = true, null = true }
local escapes = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

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
  if sign ~= "u" then return escapes[sign], at + 1 end
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
    local stop = text:find('["\\%z\1-\31]', at)
    if not stop or text:find("^%c", stop) then return nil end
    table.insert(parts, text:sub(at, stop - 1))
    if text:sub(stop, stop) == '"' then return { text = table.concat(parts), quoted = true }, stop + 1 end
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
  local value = { list = list, object = close == "}" }
  if text:sub(at, at) == close then return value, at + 1 end
  while true do
    at = read(at, list)
    if not at then return nil end
    at = skip_space(text, at)
    local sign = text:sub(at, at)
    if sign == close then return value, at + 1 end
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
      if value then table.insert(list, { value = value }) end
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
      if value then table.insert(list, { key = key.text, value = value }) end
      return next_at
    end)
  end
  local plain, stop = text:match("^([-+.%w]+)()", at)
  if not plain or not (words[plain] or plain:match("^-?%d+%.?%d*[eE]?[-+]?%d*$")) then return nil end
  return { text = plain }, stop
end

-- A JSON text that is one object; nil where it is none.
local function json_object(text)
  local whole, stop = json.value(text, 1, 0)
  if not whole or not text:find("^%s*{") or skip_space(text, stop) <= #text then return nil end
  return whole
end

-- The value of a key; the last one where it is there twice.
local function member(value, key)
  local found
  for _, entry in ipairs(value and value.list or {}) do
    if entry.key == key then found = entry.value end
  end
  return found
end

local escaped = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(text)
  local inner = text:gsub('[%z\1-\31"\\]', function(sign) return escaped[sign] or string.format("\\u%04x", sign:byte()) end)
  return '"' .. inner .. '"'
end

-- A value as JSON without blanks.
local function json_text(value)
  if value.quoted then return quoted(value.text) end
  if value.text then return value.text end
  local texts = {}
  for i, entry in ipairs(value.list) do
    texts[i] = (entry.key and quoted(entry.key) .. ":" or "") .. json_text(entry.value)
  end
  local text = table.concat(texts, ",")
  return value.object and "{" .. text .. "}" or "[" .. text .. "]"
end
