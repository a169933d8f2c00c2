-- 64-bit numbers are kept as two halves: a Lua number is exact only up to 2^53.

local two32 = 4294967296

-- The 32-bit number at an offset.
local function read_u32(tvb, at, big)
  local range = tvb(at, 4)
  return big and range:uint() or range:le_uint()
end

-- The number of 1, 2, 4 or 8 bytes at an offset, as low and high half.
local function read_number(tvb, at, size, big)
  if size == 8 then
    if big then return read_u32(tvb, at + 4, true), read_u32(tvb, at, true) end
    return read_u32(tvb, at, false), read_u32(tvb, at + 4, false)
  end
  local range = tvb(at, size)
  return big and range:uint() or range:le_uint(), 0
end

local function bit_of(low, high, n)
  if n < 32 then return math.floor(low / 2 ^ n) % 2 == 1 end
  return math.floor(high / 2 ^ (n - 32)) % 2 == 1
end

-- `width` bits from bit `from`, as halves.
local function slice(low, high, from, width)
  if from == 0 and width >= 32 then return low, high % 2 ^ (width - 32) end
  if from + width <= 32 then return math.floor(low / 2 ^ from) % 2 ^ width, 0 end
  local out_low, out_high = 0, 0
  for i = 0, width - 1 do
    if bit_of(low, high, from + i) then
      if i < 32 then out_low = out_low + 2 ^ i else out_high = out_high + 2 ^ (i - 32) end
    end
  end
  return out_low, out_high
end

-- The mask of those bits in a list that are set, as halves.
local function masked(low, high, bits)
  local out_low, out_high = 0, 0
  for _, n in ipairs(bits) do
    if bit_of(low, high, n) then
      if n < 32 then out_low = out_low + 2 ^ n else out_high = out_high + 2 ^ (n - 32) end
    end
  end
  return out_low, out_high
end

local function hexadecimal(low, high)
  if high > 0 then return string.format("0x%x%08x", high, low) end
  return string.format("0x%x", low)
end

local function decimal(low, high)
  if high == 0 then return string.format("%.0f", low) end
  return tostring(UInt64.new(low, high))
end

-- A value as Wireshark stores a field of that width.
local function typed(low, high, width)
  if width == 64 then return UInt64.new(low, high) end
  return low
end
