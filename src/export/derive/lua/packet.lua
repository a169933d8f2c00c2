-- The dissector named in every packet of a capture file.

local sides = { [1] = { "front-end", "back-end" }, [2] = { "back-end", "front-end" } }

local function set_columns(pinfo, direction)
  local side = sides[direction]
  pinfo.cols.protocol = "vhuscope"
  pinfo.cols.src = side and side[1] or "vhuscope"
  pinfo.cols.dst = side and side[2] or ""
  if side then pinfo.p2p_dir = direction == 1 and P2P_DIR_SENT or P2P_DIR_RECV end
end

-- Says what is wrong with the record itself. What editcap or a snap length cut off is not malformed.
local function add_damage(tree, tvb, text)
  tree:add(vhuscope.fields.damage, tvb(), text):set_generated()
  local cut = tvb:len() < tvb:reported_len()
  tree:add_proto_expert_info(cut and vhuscope.truncated or vhuscope.malformed, text)
end

local function is_newer(tvb)
  return tvb:len() >= layout.at.length + 2 and tvb(layout.at.version, 1):uint() > layout.version
end

-- What keeps the pseudo-header from being read; nil where its fixed part is there.
local function unreadable(tvb)
  local given = tvb:len()
  if given < layout.at.length + 2 then return string.format("pseudo-header cut after %d bytes", given) end
  local version, length = tvb(layout.at.version, 1):uint(), u16(tvb, layout.at.length)
  if version == 0 then return "pseudo-header version 0 is not valid" end
  if version ~= layout.version then
    return string.format("pseudo-header version %d is newer than %d, the newest this reader knows: update vhuscope",
      version, layout.version)
  end
  if length < layout.fixed_length then return string.format("pseudo-header damaged: its length is %d", length) end
  if given < layout.fixed_length then
    return string.format("pseudo-header damaged: %d of its %d bytes are there", given, length)
  end
  return nil
end

-- Shows the pseudo-header; returns its length and the context of the message behind it.
local function add_record(tree, tvb, flags)
  local given, length = tvb:len(), u16(tvb, layout.at.length)
  local usable = math.min(length, given)
  local entries = u16(tvb, layout.at.fdEntries)
  local whole = layout.fixed_length + entries * layout.fd_entry_length
  local context = context_of(tvb, flags)
  for _, row in ipairs(layout.fixed) do add_placed(tree, tvb, 0, row, flags) end
  local item = tree:add_le(vhuscope.fields.flags, tvb(layout.at.flags, 4))
  local names = {}
  for _, flag in ipairs(layout.flags) do
    item:add_le(vhuscope.fields[flag.id], tvb(layout.at.flags, 4))
    if math.floor(flags / flag.mask) % 2 == 1 then table.insert(names, flag.name) end
  end
  if #names > 0 then item:append_text(" (" .. table.concat(names, "|") .. ")") end
  local tlvs, damage = {}, nil
  if whole < usable then tlvs, damage = read_tlvs(tvb, whole, usable) end
  if whole > length then
    damage = string.format("pseudo-header damaged: %d fd entries do not fit its %d bytes", entries, length)
  end
  if length > given then
    damage = string.format("pseudo-header damaged: %d of its %d bytes are there", given, length)
  end
  for index = 0, entries - 1 do
    local at = layout.fixed_length + index * layout.fd_entry_length
    if at + layout.fd_entry_length > usable then break end
    table.insert(context.fds, add_fd(tree, tvb, at, index, tlvs))
  end
  add_tlvs(tree, tvb, tlvs)
  return usable, context, damage
end

local function call_message(protocol, name, tvb, pinfo, root, context)
  if protocol then
    handed_over = context
    protocol.proto.dissector(tvb, pinfo, root)
    return
  end
  Dissector.get(name):call(tvb, pinfo, root)
end

local show = {}

function show.message(tree, tvb, pinfo, root, context, fragment_offset)
  if fragment_offset then
    if tvb:len() > 0 then tree:add(vhuscope.fields.fragment, tvb()) end
    pinfo.cols.protocol = "vhost-user"
    return string.format("continues record %.0f from its byte %.0f", context.n, fragment_offset)
  end
  if context.channel == "gpu" then call_message(vhost_user_gpu, "vhost_user_gpu", tvb, pinfo, root, context)
  else call_message(vhost_user, "vhost_user", tvb, pinfo, root, context) end
  return nil
end

function show.raw(tree, tvb, _, _, context)
  if tvb:len() > 0 then tree:add(vhuscope.fields.raw, tvb()) end
  return string.format("RAW +[%d bytes]", tvb:len()) .. fds_of(context)
end

function show.event(tree, tvb, _, _, context) return add_event(tree, tvb, "event", context) end
function show.finding(tree, tvb, _, _, context) return add_event(tree, tvb, "finding", context) end

-- Of a newer version: kind, channel, direction and length, which no version changes, and the bytes behind them.
local function show_newer(tree, tvb, pinfo, root)
  local length = math.min(u16(tvb, layout.at.length), tvb:len())
  for _, row in ipairs(layout.fixed) do
    if row.at <= layout.at.length then add_placed(tree, tvb, 0, row, 0) end
  end
  local context = context_of_newer(tvb, length)
  set_columns(pinfo, context.direction)
  local kind = layout.kinds[tvb(layout.at.kind, 1):uint()] or "raw"
  local line = show[kind](tree, tvb(length):tvb(), pinfo, root, context)
  if line then pinfo.cols.info = line end
end

function vhuscope.proto.dissector(tvb, pinfo, root)
  local tree = root:add(vhuscope.proto, tvb(), "vhuscope record")
  local damage = unreadable(tvb)
  if damage then
    set_columns(pinfo, 0)
    pinfo.cols.info = damage
    add_damage(tree, tvb, damage)
    if is_newer(tvb) then show_newer(tree, tvb, pinfo, root) end
    return tvb:len()
  end
  local flags = tvb(layout.at.flags, 4):le_uint()
  local kind = layout.kinds[tvb(layout.at.kind, 1):uint()]
  local n, answers = number64(tvb, layout.at.n), number64(tvb, layout.at.answers)
  local length, context
  length, context, damage = add_record(tree, tvb, flags)
  context.n = n
  context.answers = answers > 0 and answers or nil
  tree:set_len(length)
  tree:append_text(string.format(" %.0f, %s", n, kind or "of unknown kind"))
  if context.direction then
    tree:append_text(string.format(", %s to %s", sides[context.direction][1], sides[context.direction][2]))
  end
  local channel = tvb(layout.at.channel, 1):uint()
  if not layout.channels[channel] then damage = damage or string.format("channel %d is not known", channel) end
  if not kind then damage = damage or string.format("record kind %d is not known", tvb(layout.at.kind, 1):uint()) end
  if damage then add_damage(tree, tvb, damage) end
  set_columns(pinfo, context.direction)
  local continues = is_set(flags, "continuation") and tvb(layout.at.fragmentOffset, 4):le_uint() or nil
  if kind == "message" and not continues then add_exchange_of(context, tvb, pinfo, n, answers) end
  local line = show[kind or "raw"](tree, tvb(length):tvb(), pinfo, root, context, continues)
  if line then pinfo.cols.info = line end
  return tvb:len()
end
