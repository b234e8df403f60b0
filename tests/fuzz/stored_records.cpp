// Records of the store: damage is told from data, and each value has one form.
#include "core/message/attributes.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/seals.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::sqlite;

namespace {

void attributes(std::string_view stored) {
  const auto parsed = Attributes::parse(stored);
  require(!parsed.ok() || parsed->serialize() == stored, "one form for one set of attributes");
}

// `packed` may hold numbers in more octets than they need; packed again it has the form that stays.
template <class Unpack, class Pack>
void record(std::string_view stored, Unpack unpack, Pack pack) {
  const auto value = unpack(stored);
  if (!value) return;
  const std::string packed = pack(*value);
  require(packed.size() <= stored.size(), "what is kept does not grow");
  const auto again = unpack(packed);
  require(again.has_value() && pack(*again) == packed, "unpack(pack(x)) = x");
}

void seal_line_of(std::string_view line) {
  const auto parsed = parse_seal_line(line);
  require(!parsed || (!parsed->hex.empty() && parsed->at.size() + parsed->hex.size() <= line.size()), "a seal's parts");
}

void unpack_all(std::string_view stored, unsigned choice) {
  switch (choice % 8) {
    case 0: return attributes(stored);
    case 1: return record(stored, unpack_message, pack_message);
    case 2: return record(stored, unpack_fixed, pack_fixed);
    case 3: return record(stored, unpack_receipt, pack_receipt);
    case 4: return record(stored, unpack_entry, pack_entry);
    case 5: return record(stored, unpack_incident, pack_incident);
    case 6: return record(stored, unpack_replies, pack_replies);
    default: record(stored, unpack_heads, pack_heads); return seal_line_of(stored);
  }
}

}  // namespace

// The first octet chooses the record. Read as it is, and with the right checksum, which a fuzzer would not find.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view octets = text(data + 1, size - 1);
  unpack_all(octets, data[0]);
  unpack_all(with_checksum(std::string(octets)), data[0]);
  const std::string stored = with_checksum(std::string(octets));
  require(checked(stored) == octets, "what was written is read");
  std::string damaged = stored;
  damaged[data[0] % damaged.size()] ^= static_cast<char>(1U << data[0] % 8U);
  require(!checked(damaged), "a flipped bit is noticed");
  return 0;
}
