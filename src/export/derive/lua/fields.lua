-- What Wireshark must know before it sees a packet: protocols, filter fields, expert notes.

-- Numbers of the bit masks are taken apart by arithmetic, since the Lua versions of Wireshark's releases share no
-- bit library.

local function base_of(field) return field.hex and base.HEX or base.DEC end

local makers = {
  uint = function(abbr, field)
    local make = ProtoField["uint" .. field.bits]
    if field.mask then return make(abbr, field.label, base_of(field), field.values, field.mask, field.doc) end
    return make(abbr, field.label, base_of(field), field.values, nil, field.doc)
  end,
  int = function(abbr, field) return ProtoField.int64(abbr, field.label, base.DEC, nil, nil, field.doc) end,
  bool = function(abbr, field)
    local words = { "set", "not set" }
    if field.mask then return ProtoField.bool(abbr, field.label, field.bits, words, field.mask, field.doc) end
    return ProtoField.bool(abbr, field.label, base.NONE, words, nil, field.doc)
  end,
  bytes = function(abbr, field) return ProtoField.bytes(abbr, field.label, base.NONE, field.doc) end,
  text = function(abbr, field) return ProtoField.string(abbr, field.label, base.ASCII, field.doc) end,
  uuid = function(abbr, field) return ProtoField.guid(abbr, field.label, field.doc) end,
  mac = function(abbr, field) return ProtoField.ether(abbr, field.label, field.doc) end,
  frame = function(abbr, field) return ProtoField.framenum(abbr, field.label, base.NONE, frametype[field.frame], 0, field.doc) end,
  time = function(abbr, field) return ProtoField.relative_time(abbr, field.label, field.doc) end,
}

-- A protocol with its fields by name; nil where another dissector has the name already.
local function protocol(name, title, declared)
  local free, proto = pcall(Proto, name, title)
  if not free then return nil end
  local made = { proto = proto, fields = {}, width = {} }
  for _, field in ipairs(declared) do
    made.fields[field.id] = makers[field.type](name .. "." .. field.id, field)
    made.width[field.id] = field.bits
  end
  made.malformed = ProtoExpert.new(name .. ".malformed", "malformed", expert.group.MALFORMED, expert.severity.ERROR)
  made.truncated =
    ProtoExpert.new(name .. ".truncated", "truncated by capture", expert.group.UNDECODED, expert.severity.NOTE)
  made.noted = ProtoExpert.new(name .. ".noted", "note", expert.group.COMMENTS_GROUP, expert.severity.NOTE)
  proto.experts = { made.malformed, made.truncated, made.noted }
  proto.fields = made.fields
  return made
end

local vhost_user = protocol("vhost_user", "vhost-user", spec.fields.vhost_user)
local vhost_user_gpu = protocol("vhost_user_gpu", "vhost-user-gpu", spec.fields.vhost_user_gpu)
local vhuscope = protocol("vhuscope", "vhuscope record", spec.fields.vhuscope)
