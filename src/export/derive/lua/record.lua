-- The dissector of a record in a capture file: pseudo-header, descriptors, and then the message, the event or the bytes.

local layout = spec.layout

local function u16(tvb, at) return tvb(at, 2):le_uint() end
local function number64(tvb, at)
  local low, high = read_number(tvb, at, 8, false)
  return high * two32 + low
end
local function is_set(flags, name)
  return math.floor(flags / layout.flag[name]) % 2 == 1
end

-- Packets by recording and record number: where a request stands and when it was sent on, where its answer stands.
-- Filled in file order when a file is opened, the same however often and in which order packets are shown again.
local recordings = {}

function vhuscope.proto.init() recordings = {} end

local function recording_of(tvb)
  local key = tostring(tvb(layout.at.captureId, 8):bytes())
  if not recordings[key] then recordings[key] = { packet = {}, sent = {}, answer = {} } end
  return recordings[key]
end

local function time_at(tvb, at)
  local low, high = read_number(tvb, at, 8, false)
  return { low = low, high = high }
end

local function elapsed(from, to)
  local ns = (to.high - from.high) * two32 + (to.low - from.low)
  if ns < 0 or (from.low == 0 and from.high == 0) then return nil end
  return NSTime.new(math.floor(ns / 1e9), ns % 1e9)
end

-- Which packet answers which, as far as it is known by now.
local function add_exchange_of(context, tvb, pinfo, n, answers)
  local recording = recording_of(tvb)
  if not pinfo.visited and not context.carried then
    if answers > 0 then
      recording.answer[answers] = recording.answer[answers] or pinfo.number
    elseif not recording.packet[n] then
      recording.packet[n] = pinfo.number
      recording.sent[n] = time_at(tvb, layout.at.sent)
    end
  end
  context.response_in = answers == 0 and recording.answer[n] or nil
  context.response_to = answers > 0 and recording.packet[answers] or nil
  if context.response_to and recording.sent[answers] then
    context.latency = elapsed(recording.sent[answers], time_at(tvb, layout.at.received))
  end
end

local function add_placed(tree, tvb, at, row, flags)
  local range = tvb(at + row.at, row.size)
  local low, high = read_number(tvb, at + row.at, row.size, false)
  if row.nonzero and low == 0 and high == 0 then return nil end
  if row.flag and math.floor(flags / row.flag) % 2 == 0 then return nil end
  tree:add_le(vhuscope.fields[row.id], range)
  return row.values and row.values[low] or decimal(low, high)
end

-- The optional values behind the descriptors: by type, each with its range.
local function read_tlvs(tvb, at, stop)
  local found = {}
  while at < stop do
    local length = at + 4 <= stop and u16(tvb, at + 2) or 0
    if at + 4 + length > stop then
      return found, string.format("pseudo-header damaged: a value of %d bytes runs over its end", length)
    end
    table.insert(found, { type = u16(tvb, at), length = length, at = at + 4 })
    at = at + 4 + math.ceil(length / 4) * 4
  end
  return found, nil
end

local tlv_fields = {
  [layout.tlv.fdAt] = { id = "fd_at", size = 4 },
  [layout.tlv.heldNs] = { id = "held_ns", size = 8 },
  [layout.tlv.sentLength] = { id = "sent_length", size = 4 },
}

-- Shows the optional values that are not about one descriptor.
local function add_tlvs(tree, tvb, tlvs)
  for _, tlv in ipairs(tlvs) do
    local plain = tlv_fields[tlv.type]
    if plain and tlv.length >= plain.size then
      tree:add_le(vhuscope.fields[plain.id], tvb(tlv.at, plain.size))
    elseif tlv.type == layout.tlv.seg then
      for i = 0, math.floor(tlv.length / 4) - 1 do tree:add_le(vhuscope.fields.seg, tvb(tlv.at + i * 4, 4)) end
    elseif tlv.type == layout.tlv.sentBytes and tlv.length > 0 then
      tree:add(vhuscope.fields.sent_bytes, tvb(tlv.at, tlv.length))
    end
  end
end

local units = { "K", "M", "G", "T", "P" }

-- Bytes with the largest unit that loses nothing.
local function bytes_with_unit(size)
  local unit = 0
  while size >= 1024 and size % 1024 == 0 and unit < #units do
    size = size / 1024
    unit = unit + 1
  end
  return string.format("%.0f%s", size, units[unit] or "")
end

-- Shows one descriptor; returns its text, such as `memfd#3:512M`.
local function add_fd(tree, tvb, at, index, tlvs)
  local item = tree:add(tvb(at, layout.fd_entry_length), string.format("fd %d: ", index))
  local valid, shown = u16(tvb, at + layout.fd_valid_at), {}
  for _, row in ipairs(layout.fd) do shown[row.id] = add_placed(item, tvb, at, row, valid) end
  for _, tlv in ipairs(tlvs) do
    if tlv.type == layout.tlv.fdName and tlv.length > 2 and u16(tvb, tlv.at) == index then
      local range = tvb(tlv.at + 2, tlv.length - 2)
      shown.name = range:raw()
      item:add(vhuscope.fields["fd.name"], range, shown.name)
    elseif tlv.type == layout.tlv.sameIdAs and tlv.length >= 8 and u16(tvb, tlv.at) == index then
      item:add_le(vhuscope.fields["fd.same_id_as"], tvb(tlv.at + 4, 4))
    end
  end
  local text = shown["fd.kind"]
  if shown["fd.object"] then text = text .. "#" .. shown["fd.object"] end
  if shown["fd.size"] then text = text .. ":" .. bytes_with_unit(number64(tvb, at + layout.fd_size_at)) end
  item:append_text(text .. (shown.name and " " .. shown.name or ""))
  return text
end

local function direction_of(tvb)
  local direction = tvb(layout.at.direction, 1):uint()
  return (direction == 1 or direction == 2) and direction or nil
end

-- What is known of a record whose version is newer; its message may still be snapped.
local function context_of_newer(tvb, length)
  return {
    channel = layout.channels[tvb(layout.at.channel, 1):uint()] or "main",
    direction = direction_of(tvb),
    fds = {}, fd_count = 0, wire_length = tvb:reported_len() - length, n = 0, session = 0, epoch = 0,
  }
end

local function context_of(tvb, flags)
  local context = {
    channel = layout.channels[tvb(layout.at.channel, 1):uint()] or "main",
    big_endian = is_set(flags, "bigEndian"),
    carried = is_set(flags, "carried"),
    fd_count = u16(tvb, layout.at.fdCount),
    wire_length = tvb(layout.at.wireLength, 4):le_uint(),
    device = u16(tvb, layout.at.device),
    session = tvb(layout.at.session, 4):le_uint(),
    epoch = tvb(layout.at.epoch, 4):le_uint(),
    front_end = layout.dialects[tvb(layout.at.frontEnd, 1):uint()],
    back_end = layout.dialects[tvb(layout.at.backEnd, 1):uint()],
    fds = {},
  }
  context.direction = direction_of(tvb)
  if is_set(flags, "features") then context.features = time_at(tvb, layout.at.features) end
  if is_set(flags, "protocolFeatures") then context.protocol_features = time_at(tvb, layout.at.protocolFeatures) end
  return context
end
