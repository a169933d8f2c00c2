-- The dissectors of the wire bytes. They keep nothing between packets: what must be known besides the bytes is left in
-- `handed_over` by the record's dissector just before it calls them. Called by somebody else, they assume a message of
-- the main channel.

local header_size = 12
local handed_over = nil

local directions = { [1] = "front-end", [2] = "back-end" }

-- The declaration meant by a number: the first private message whose condition holds, else that of the specification.
local function message_of(channel, id, facts)
  for _, message in ipairs(spec.messages[channel][id] or {}) do
    if not message.meant or holds(message.meant, facts) then return message end
  end
  return nil
end

-- What a number may stand for that nothing shows to be one of them.
local function candidates_of(channel, id)
  local names = {}
  for _, message in ipairs(spec.messages[channel][id] or {}) do table.insert(names, message.candidate) end
  return names
end

local function is_reply(context, flags)
  if context.channel == "gpu" then return context.direction == 1 end
  return bit_of(flags, 0, 2)
end

-- What the header itself has wrong, for channels whose header has a version.
local function check_header(walk, context, flags, reply)
  if context.channel == "gpu" then return end
  if flags % 4 ~= 1 then
    table.insert(walk.problems, string.format("flags.version: is %d, must be 1", flags % 4))
  end
  local requester = context.channel == "main" and 1 or 2
  if context.direction and reply == (context.direction == requester) then
    local what = reply and "a reply" or "a request"
    table.insert(walk.problems, string.format("flags.reply: %s from the %s", what, directions[context.direction]))
  end
end

local function add_u32(protocol, tree, id, tvb, at, big)
  local add = big and tree.add or tree.add_le
  return add(tree, protocol.fields[id], tvb(at, 4))
end

local function add_header(protocol, tree, tvb, context, name, doc, candidates)
  local big = context.big_endian == true
  local request = context.channel == "backend-req" and "backend_request" or "request"
  local id = read_u32(tvb, 0, big)
  add_u32(protocol, tree, request, tvb, 0, big):set_text(string.format("%s: %s (%.0f)", request, name, id))
  local item = tree:add(protocol.fields.message, tvb(0, 4), name)
  if doc then item:append_text(": " .. doc) end
  for _, candidate in ipairs(candidates) do tree:add(protocol.fields.candidate, candidate):set_generated() end
  local flags = add_u32(protocol, tree, "flags", tvb, 4, big)
  for _, part in ipairs({ "flags.version", "flags.reply", "flags.need_reply", "flags.reserved" }) do
    if protocol.fields[part] then add_u32(protocol, flags, part, tvb, 4, big) end
  end
  add_u32(protocol, tree, "size", tvb, 8, big)
end

local function add_exchange(protocol, tree, context)
  if context.response_in then tree:add(protocol.fields.response_in, context.response_in):set_generated() end
  if context.response_to then tree:add(protocol.fields.response_to, context.response_to):set_generated() end
  if context.latency then tree:add(protocol.fields.response_time, context.latency):set_generated() end
end

-- A message that ended within its header, or of which no more was captured.
local function add_headless(protocol, tvb, tree, size_on_wire)
  local item = tree:add(protocol.proto, tvb(), "vhost-user, the beginning of a header")
  if tvb:len() > 0 then item:add(protocol.fields.rest, tvb()) end
  if size_on_wire > tvb:len() then
    item:add_proto_expert_info(protocol.truncated, "truncated by capture, within the header")
  else
    item:add_proto_expert_info(protocol.malformed,
      string.format("the header has %d bytes, %d are there", header_size, tvb:len()))
  end
  return "TRUNCATED"
end

local function dissect(protocol, tvb, tree, context)
  local size_on_wire = context.wire_length or tvb:reported_len()
  local walk = new_walk(
    protocol, spec.structs, tvb, header_size, math.max(0, size_on_wire - header_size), context)
  if tvb:len() < header_size then return add_headless(protocol, tvb, tree, size_on_wire) end
  local id, flags = read_u32(tvb, 0, walk.big), read_u32(tvb, 4, walk.big)
  local reply = is_reply(context, flags)
  local message = message_of(context.channel, id, walk)
  local name = message and message.name or string.format("UNKNOWN(%.0f)", id)
  local variant = message and choose(reply and message.reply or message.request, walk)
  local root = tree:add(protocol.proto, tvb(), string.format("vhost-user %s, %s", name, reply and "reply" or "request"))
  local candidates = message and {} or candidates_of(context.channel, id)
  add_header(protocol, root, tvb, context, name, message and message.doc, candidates)
  add_exchange(protocol, root, context)
  check_header(walk, context, flags, reply)
  local values = {}
  if variant and variant.struct then
    if variant.doc then root:append_text(" (" .. variant.doc .. ")") end
    walk_struct(walk, root, walk.structs[variant.struct], values, "")
  end
  finish_walk(walk, root, variant ~= nil)
  if walk.assumed then root:add(protocol.fields.assumed, true):set_generated() end
  local line = line_of(name, reply, flags, context, walk, values, variant)
  if #candidates == 0 then return line end
  return line .. (line:find("  # ", 1, true) and ", " or "  # ") .. "may be " .. table.concat(candidates, ", ")
end

-- A dissector proper: dissects and fills the columns.
local function install(protocol, channel)
  function protocol.proto.dissector(tvb, pinfo, tree)
    local context = handed_over or { channel = channel }
    handed_over = nil
    pinfo.cols.info = dissect(protocol, tvb, tree, context)
    pinfo.cols.protocol = "vhost-user"
    return tvb:len()
  end
end

if vhost_user then install(vhost_user, "main") end
if vhost_user_gpu then install(vhost_user_gpu, "gpu") end
