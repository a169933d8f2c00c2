-- Walks a declared struct over the bytes of a message and shows its fields. It never fails: what does not fit becomes
-- an expert note, what the recorder shortened is called truncated, and what is left over is shown as it is.

-- A stretch of bytes to walk: `size` of them from `start` on the wire, perhaps fewer captured.
local function new_walk(protocol, structs, tvb, start, size, context)
  local captured = math.min(start + size, tvb:len())
  return {
    protocol = protocol, structs = structs, tvb = tvb, start = start, at = start, size = size,
    stop = start + size, captured = captured, big = context.big_endian == true, context = context,
    first = captured >= start + 4 and read_u32(tvb, start, context.big_endian == true) or 0,
    assumed = false, cut = false, misfit = false, problems = {},
  }
end

local function problem(walk, path, message)
  walk.misfit = true
  table.insert(walk.problems, path == "" and message or path .. ": " .. message)
end

local function has(walk, size, path)
  if walk.at + size <= walk.captured then return true end
  if walk.at + size <= walk.stop then
    walk.cut = true
  else
    problem(walk, path, string.format("needs %.0f bytes, %.0f left", size, walk.stop - walk.at))
  end
  return false
end

local function add_number(walk, tree, field, range, low, high)
  local width = walk.protocol.width[field.id]
  return tree:add(walk.protocol.fields[field.id], range, typed(low, high, width))
end

local function number_text(field, low, high)
  if field.values and high == 0 and field.values[low] then return field.values[low] end
  return (field.hex and hexadecimal or decimal)(low, high)
end

-- The bits of a mask that have a name, as the device type names them.
local function named_bits(walk, field)
  local device = field.virtio and spec.bits.devices[walk.context.device or 0]
  return device and device.bits or field.bits
end

-- The bytes of a number that hold `width` bits from bit `from`.
local function bytes_of_bits(walk, range, from, width)
  local first = math.floor(from / 8)
  local count = math.floor((from + width - 1) / 8) - first + 1
  return range(walk.big and range:len() - first - count or first, count)
end

local function add_flags(walk, tree, field, range, low, high)
  local item = add_number(walk, tree, field, range, low, high)
  local names, rest_low, rest_high = {}, low, high
  for _, bit in ipairs(named_bits(walk, field)) do
    local set = bit_of(low, high, bit.bit)
    item:add(walk.protocol.fields[bit.id], bytes_of_bits(walk, range, bit.bit, 1), set)
    if set then
      table.insert(names, bit.name)
      if bit.bit < 32 then rest_low = rest_low - 2 ^ bit.bit else rest_high = rest_high - 2 ^ (bit.bit - 32) end
    end
  end
  if rest_low > 0 or rest_high > 0 then
    item:add(walk.protocol.fields[field.id .. ".unknown"], range, UInt64.new(rest_low, rest_high))
    table.insert(names, hexadecimal(rest_low, rest_high))
  end
  local text = #names > 0 and table.concat(names, "|") or "0"
  if #names > 0 then item:append_text(" (" .. text .. ")") end
  return text, low == 0 and high == 0
end

-- Scalar fields by kind: each shows itself and returns its text, whether it is zero, and its value where others refer
-- to it.
local scalars = {}

function scalars.uint(walk, tree, field, range)
  local low, high = read_number(walk.tvb, range:offset(), field.size, walk.big)
  add_number(walk, tree, field, range, low, high)
  return number_text(field, low, high), low == 0 and high == 0, high * two32 + low
end

function scalars.int(walk, tree, field, range)
  if walk.big then tree:add(walk.protocol.fields[field.id], range)
  else tree:add_le(walk.protocol.fields[field.id], range) end
  local text = tostring(walk.big and range:int64() or range:le_int64())
  return text, text == "0"
end

function scalars.flags(walk, tree, field, range)
  local low, high = read_number(walk.tvb, range:offset(), field.size, walk.big)
  return add_flags(walk, tree, field, range, low, high)
end

function scalars.word(walk, tree, field, range, values)
  local low, high = read_number(walk.tvb, range:offset(), field.size, walk.big)
  for _, part in ipairs(field.parts) do
    local bytes = bytes_of_bits(walk, range, part.from, part.width)
    if part.width == 1 then
      local set = bit_of(low, high, part.from)
      tree:add(walk.protocol.fields[part.id], bytes, set)
      table.insert(values, { name = part.name, step = field.name, zero = not set })
    else
      local part_low, part_high = slice(low, high, part.from, part.width)
      add_number(walk, tree, part, bytes, part_low, part_high)
      local text = number_text(part, part_low, part_high)
      table.insert(values, { name = part.name, step = field.name, text = text, zero = part_low == 0 and part_high == 0 })
    end
  end
  local spare_low, spare_high = masked(low, high, field.spare)
  if spare_low == 0 and spare_high == 0 then return nil end
  add_number(walk, tree, field, range, spare_low, spare_high)
  return hexadecimal(spare_low, spare_high)
end

-- Bytes for a line, where they are few.
local function bytes_text(range)
  if range:len() > 16 then return string.format("[%d bytes]", range:len()) end
  return tostring(range:bytes()):lower()
end

local function is_zero(range) return range:len() == 0 or not tostring(range:bytes()):find("[^0]") end

function scalars.pad(walk, tree, field, range)
  if is_zero(range) then return nil end
  tree:add(walk.protocol.fields[field.id], range)
  return bytes_text(range)
end

function scalars.bytes(walk, tree, field, range)
  tree:add(walk.protocol.fields[field.id], range)
  if field.length == "rest" then return bytes_text(range), range:len() == 0 end
  return bytes_text(range), is_zero(range)
end

function scalars.text(walk, tree, field, range)
  local text = ""
  for i = 0, range:len() - 1 do
    local byte = range(i, 1):uint()
    if byte == 0 then break end
    text = text .. (byte < 0x80 and string.char(byte) or string.char(0xc0 + math.floor(byte / 64), 0x80 + byte % 64))
  end
  tree:add(walk.protocol.fields[field.id], range, text)
  return '"' .. text .. '"', text == ""
end

function scalars.uuid(walk, tree, field, range)
  tree:add(walk.protocol.fields[field.id], range)
  local digits = tostring(range:bytes()):lower()
  return digits:sub(1, 8) .. "-" .. digits:sub(9, 12) .. "-" .. digits:sub(13, 16) .. "-" .. digits:sub(17, 20)
    .. "-" .. digits:sub(21)
end

function scalars.mac(walk, tree, field, range)
  tree:add(walk.protocol.fields[field.id], range)
  return (tostring(range:bytes()):lower():gsub("%x%x", "%0:"):sub(1, -2))
end

function scalars.table(walk, tree, field, range)
  local used = {}
  for i = 0, field.count - 1 do
    local entry = range(i * 8, 8)
    local low, high = read_number(walk.tvb, entry:offset(), 8, walk.big)
    if low > 0 or high > 0 then
      add_number(walk, tree, field, entry, low, high):prepend_text(string.format("[%d] ", i))
      table.insert(used, i .. ":" .. number_text(field, low, high))
    end
  end
  return "[" .. table.concat(used, " ") .. "]", #used == 0
end

local walk_struct, walk_field

local function walk_array(walk, tree, field, values, path)
  local count = type(field.count) == "number" and field.count or values[field.count] or 0
  local shown = {}
  table.insert(values, { name = field.name, step = field.name, entries = shown, of = field.of, whole = false })
  local listed = values[#values]
  for i = 0, count - 1 do
    local entry_path = string.format("%s%s[%d]", path, field.name, i)
    if walk.at >= walk.captured then return has(walk, 1, entry_path) end
    local entry = {}
    table.insert(shown, entry)
    local item = tree:add(walk.tvb(walk.at, walk.captured - walk.at), string.format("%s[%d]", field.name, i))
    local from = walk.at
    local whole = walk_struct(walk, item, walk.structs[field.of], entry, entry_path .. ".")
    item:set_len(walk.at - from)
    if not whole then return false end
  end
  listed.whole = true
  return true
end

local function walk_group(walk, tree, field, values, path)
  local inner = {}
  table.insert(values, { name = field.name, step = field.name, group = inner, of = field.of })
  local item = tree:add(walk.tvb(walk.at, walk.captured - walk.at), field.name)
  local from = walk.at
  local whole = walk_struct(walk, item, walk.structs[field.of], inner, path .. field.name .. ".")
  item:set_len(walk.at - from)
  return whole
end

-- Bytes of a field of the configuration space; nothing there depends on the message.
local function span_of(walk, field)
  if field.kind ~= "array" and field.kind ~= "group" then return field.size or 0 end
  local span = 0
  for _, inner in ipairs(walk.structs[field.of].fields) do span = span + span_of(walk, inner) end
  if field.kind == "group" then return span end
  return type(field.count) == "number" and field.count * span or 0
end

-- A window of the device configuration space, and the fields that lie wholly within it, which are little-endian.
function scalars.config(walk, tree, field, range, values)
  local item = tree:add(walk.protocol.fields[field.id], range)
  local device = spec.bits.devices[walk.context.device or 0]
  if device and device.config then
    local from = values[field.offset] or 0
    local window = new_walk(walk.protocol, walk.structs, walk.tvb, range:offset(), range:len(), {})
    local at = 0
    for _, inner in ipairs(walk.structs[device.config].fields) do
      local span = span_of(walk, inner)
      if span > 0 and at >= from and at + span <= from + range:len() then
        window.at = range:offset() + at - from
        walk_field(window, item, inner, {}, "")
      end
      at = at + span
    end
  end
  return bytes_text(range), is_zero(range)
end

local function size_of(walk, field, values)
  if field.size then return field.size end
  if field.length == "rest" then return walk.stop - walk.at end
  return values[field.length] or 0
end

walk_field = function(walk, tree, field, values, path)
  if field.kind == "array" then return walk_array(walk, tree, field, values, path) end
  if field.kind == "group" then return walk_group(walk, tree, field, values, path) end
  local size = size_of(walk, field, values)
  if not has(walk, size, path .. field.name) then return false end
  local range = walk.tvb(walk.at, size)
  walk.at = walk.at + size
  local text, zero, number = scalars[field.kind](walk, tree, field, range, values)
  values[field.name] = number
  if text then
    local value = { name = field.name, step = field.name, text = text, zero = zero }
    value.kind, value.counts = field.kind, field.counts
    table.insert(values, value)
  end
  return true
end

-- Shows the fields of a struct; false where the bytes ran out. `values` collects the texts in order, and the numbers
-- by name.
walk_struct = function(walk, tree, struct, values, path)
  for _, field in ipairs(struct.fields) do
    if not field.when or holds(field.when, walk) then
      if not walk_field(walk, tree, field, values, path) then return false end
    end
  end
  return true
end

-- Shows what is left over and what was wrong. Of a message that is not known, all bytes are left over.
local function finish_walk(walk, tree, known)
  local left = walk.stop - walk.at
  if known and left > 0 and not walk.misfit and walk.captured == walk.stop and not walk.cut then
    problem(walk, "", string.format("%d bytes after the last field", left))
  end
  if walk.captured > walk.at then
    tree:add(walk.protocol.fields.rest, walk.tvb(walk.at, walk.captured - walk.at))
  end
  for _, text in ipairs(walk.problems) do tree:add_proto_expert_info(walk.protocol.malformed, text) end
  if walk.cut or walk.captured < walk.stop then
    walk.cut = true
    local text = string.format("truncated by capture: %.0f of %.0f payload bytes", walk.captured - walk.start, walk.size)
    tree:add_proto_expert_info(walk.protocol.truncated, text)
  end
end
