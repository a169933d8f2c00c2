-- A line about an event or finding, as `vhuscope read` prints it: interprets the declared sentences.

local function is_there(value)
  if not value then return false end
  if value.list then return value.object or #value.list > 0 end
  return value.text ~= "" and (value.quoted or value.text ~= "null")
end

local function value_text(value) return value.quoted and value.text or json_text(value) end

-- The value at the end of a path, nil where it is not there. Properties of the record begin with an @.
local function value_at(path, body, record)
  local property = path[1]:match("^@(.*)")
  if property then return record[property] > 0 and { text = string.format("%.0f", record[property]) } or nil end
  local value = body
  for _, key in ipairs(path) do value = member(value, key) end
  return is_there(value) and value or nil
end

local function entries_text(value, between)
  local texts = {}
  for i, entry in ipairs(value.list) do texts[i] = value_text(entry.value) end
  return table.concat(texts, between)
end

local speak = {}

-- Parts as text; false behind it where the value of one is not there.
local function say(parts, body, record)
  local texts, whole = {}, true
  for i, part in ipairs(parts) do
    local text = type(part) == "string" and part or speak[part.kind](part, body, record)
    whole = whole and text ~= nil
    texts[i] = text or ""
  end
  return table.concat(texts), whole
end

function speak.value(part, body, record)
  local found
  for _, path in ipairs(part.value) do found = found or value_at(path, body, record) end
  local is_list = found and found.list and not found.object
  if part.count then return tostring(is_list and #found.list or 0) end
  if not found then return part.fallback end
  return is_list and part.between and entries_text(found, part.between) or value_text(found)
end

function speak.optional(part, body, record)
  local text, whole = say(part.optional, body, record)
  return whole and text or ""
end

function speak.choice(part, body, record)
  local value = value_at(part.of, body, record)
  local parts = not value and part.absent or part.are[value and value_text(value)] or part.otherwise
  return (say(parts, body, record))
end

function speak.rest(part, body)
  local told, texts = {}, {}
  for _, key in ipairs(part.rest) do told[key] = true end
  for _, entry in ipairs(body.list) do
    local null = entry.value.text == "null" and not entry.value.quoted
    if not told[entry.key] and not null then table.insert(texts, entry.key .. " " .. value_text(entry.value)) end
  end
  return #texts > 0 and " (" .. table.concat(texts, ", ") .. ")" or ""
end

-- What is unsafe to show as \\x1b or \\u202e, as the text form has it.
local function escape_of(code)
  if code < 0x100 then return string.format("\\x%02x", code) end
  if code < 0x10000 then return string.format("\\u%04x", code) end
  local above = code - 0x10000
  return string.format("\\u%04x\\u%04x", 0xd800 + math.floor(above / 0x400), 0xdc00 + above % 0x400)
end

-- By length: the lead byte tells it.
local rest = "[\128-\191]"
local sequences = { "[\194-\223]" .. rest, "[\224-\239]" .. rest .. rest, "[\240-\244]" .. rest .. rest .. rest }
local lead_bits = { [2] = 0x20, [3] = 0x10, [4] = 0x08 }

-- A UTF-8 sequence of two to four bytes, escaped where it is unsafe.
local function plain_sequence(sequence)
  local code = sequence:byte() % lead_bits[#sequence]
  for i = 2, #sequence do code = code * 0x40 + sequence:byte(i) % 0x40 end
  for _, range in ipairs(spec.unsafe) do
    if code >= range[1] and code <= range[2] then return escape_of(code) end
  end
  return sequence
end

-- Text that neither steers a terminal nor hides something.
local function plain(text)
  text = text:gsub("[%z\1-\31\127]", function(sign) return escape_of(sign:byte()) end)
  for _, pattern in ipairs(sequences) do text = text:gsub(pattern, plain_sequence) end
  return text
end

local function sentence_of(kind, body, record)
  local name = kind == "event" and member(body, "event")
  local parts = kind == "finding" and spec.sentences.finding or name and name.quoted and spec.sentences.events[name.text]
  return plain((say(parts or spec.sentences.other, body, record)))
end
