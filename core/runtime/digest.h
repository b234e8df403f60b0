// SHA-256 over streams, its text forms, the short hash that index keys use, and the checksum of stored records.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/runtime/export.h"

namespace sluis {

using Sha256 = std::array<std::uint8_t, 32>;

// Streaming SHA-256. [Threading] one thread at a time.
class SLUIS_CORE_API Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(std::string_view bytes);
  Sha256 finish();   // once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

SLUIS_CORE_API Sha256 sha256(std::string_view bytes);
SLUIS_CORE_API Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
SLUIS_CORE_API std::string to_hex(std::string_view bytes);
SLUIS_CORE_API std::string to_hex(const Sha256& digest);

// The first eight octets of SHA-256: what an index holds in place of a long text key. Two texts can share it, so the
// text itself is compared on read (DESIGN §3.3).
SLUIS_CORE_API std::int64_t key_hash(std::string_view key);

// CRC-32C (Castagnoli): the checksum of stored records.
SLUIS_CORE_API std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace sluis
