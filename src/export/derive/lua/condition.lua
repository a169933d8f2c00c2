-- The conditions of the declaration against what is known of a message. What the context does not tell counts as not
-- negotiated, and `facts.assumed` says that this was so.

local holds

local function negotiated(mask, bit, facts)
  if mask then return bit_of(mask.low, mask.high, bit) end
  facts.assumed = true
  return false
end

local conditions = {
  feature = function(cond, facts) return negotiated(facts.context.features, cond[2], facts) end,
  protocol = function(cond, facts) return negotiated(facts.context.protocol_features, cond[2], facts) end,
  size = function(cond, facts) return facts.size >= cond[2] and facts.size <= cond[3] end,
  starts = function(cond, facts) return facts.size >= 4 and facts.first == cond[2] end,
  stride = function(cond, facts) return facts.first > 0 and facts.size == cond[2] + facts.first * cond[3] end,
  dialect = function(cond, facts) return facts.context.front_end == cond[2] or facts.context.back_end == cond[2] end,
  fds = function(cond, facts) return facts.context.fd_count == cond[2] end,
  ["not"] = function(cond, facts) return not holds(cond[2], facts) end,
  all = function(cond, facts)
    for i = 2, #cond do
      if not holds(cond[i], facts) then return false end
    end
    return true
  end,
  any = function(cond, facts)
    for i = 2, #cond do
      if holds(cond[i], facts) then return true end
    end
    return false
  end,
}

holds = function(cond, facts) return conditions[cond[1]](cond, facts) end

-- The first entry of a list whose condition holds, the last one where none does.
local function choose(list, facts)
  for _, entry in ipairs(list) do
    if not entry.when or holds(entry.when, facts) then return entry end
  end
  return list[#list]
end
