// Builds PROXY headers of version 2 octet by octet, right and wrong ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/runtime/digest.h"

namespace sluis::test {

inline std::string be16(std::size_t number) {
  return {static_cast<char>(number >> 8U & 0xFFU), static_cast<char>(number & 0xFFU)};
}
inline std::string be32(std::uint32_t number) {
  return be16(number >> 16U) + be16(number & 0xFFFFU);
}
inline std::string tlv(int type, std::string_view value) {
  return static_cast<char>(type) + be16(value.size()) + std::string(value);
}
inline std::string v2_header(int version_command, int family, std::string_view block) {
  using namespace std::string_view_literals;
  return std::string("\r\n\r\n\0\r\nQUIT\n"sv) + static_cast<char>(version_command) + static_cast<char>(family) +
         be16(block.size()) + std::string(block);
}
// From 192.0.2.7:4711 to 198.51.100.1:993.
inline std::string v2_tcp4(std::string_view fields = {}) {
  using namespace std::string_view_literals;
  return v2_header(0x21, 0x11,
                   std::string("\xC0\x00\x02\x07\xC6\x33\x64\x01"sv) + be16(4711) + be16(993) + std::string(fields));
}
// `client`: PP2_CLIENT_SSL 1, PP2_CLIENT_CERT_CONN 2, PP2_CLIENT_CERT_SESS 4.
inline std::string tls_tlv(int client, std::uint32_t verify, std::string_view fields) {
  return tlv(0x20, static_cast<char>(client) + be32(verify) + std::string(fields));
}
// The header with its right CRC32C behind everything.
inline std::string v2_tcp4_with_crc(std::string_view fields = {}) {
  using namespace std::string_view_literals;
  std::string whole = v2_tcp4(std::string(fields) + tlv(0x03, "\0\0\0\0"sv));
  return whole.substr(0, whole.size() - 4) + be32(crc32c(whole));
}

}  // namespace sluis::test
