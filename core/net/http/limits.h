// How much of a message is read before it is refused: every bound of the HTTP readers in one place.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluis::net::http {

// All in octets unless said otherwise. RFC 9110 §2.3 and §5.4 and RFC 9112 §3 ask for limits without setting them.
struct MessageLimits {
  std::size_t start_line = 8192;         // RFC 9112 §3 recommends to support 8000 at least
  std::size_t header_fields = 100;       // their number, trailers counted by themselves
  std::size_t header_bytes = 32 * 1024;  // all field lines together
  std::size_t chunk_extension = 256;     // of one chunk (RFC 9112 §7.1.1)
  std::size_t trailer_bytes = 8192;      // read, and ignored (RFC 9112 §7.1.2)
  std::uint64_t body = 10 * 1024 * 1024;
};

}  // namespace sluis::net::http
