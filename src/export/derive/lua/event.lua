-- Events and findings: a sentence about each, and below it every value there is.

-- The values of an object as a flat list of { path, text }.
local function leaves_of(body)
  local leaves = {}
  local function collect(value, path)
    if value.text then
      table.insert(leaves, { path = path, text = value.text })
      return
    end
    for i, entry in ipairs(value.list) do
      local key = entry.key and (path == "" and entry.key or "." .. entry.key)
      collect(entry.value, path .. (key or string.format("[%d]", i - 1)))
    end
  end
  collect(body, "")
  return leaves
end

local name_in = { event = "event", finding = "rule" }
local most_unread = 200

-- Shows an event or finding; returns a line about it.
local function add_event(tree, tvb, kind, record)
  local text = tvb:len() > 0 and tvb:raw() or ""
  local body = json_object(text)
  if not body then
    if tvb:len() > 0 then tree:add(vhuscope.fields.raw, tvb()) end
    local whole = tvb:len() == tvb:reported_len()
    if whole then tree:add_proto_expert_info(vhuscope.malformed, kind .. " without readable JSON")
    else tree:add_proto_expert_info(vhuscope.truncated, "truncated by capture") end
    return "unreadable " .. kind .. ": " .. plain(text:sub(1, most_unread))
  end
  for _, leaf in ipairs(leaves_of(body)) do
    if leaf.path == name_in[kind] then
      tree:add(vhuscope.fields[kind], tvb(), plain(leaf.text))
    else
      local line = plain(leaf.path .. "=" .. leaf.text)
      tree:add(vhuscope.fields["event.value"], tvb(), line):set_text(line)
    end
  end
  return sentence_of(kind, body, record)
end
