// What the fuzz targets share: how octets from the fuzzer become a session, and how a broken promise is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluis::fuzz {

// A promise that the target checks. Nobody catches it under libFuzzer, which keeps the input; the replay of the corpus
// reports it as a failed test.
inline void require(bool kept, const char* promise) {
  if (!kept) throw std::logic_error(promise);
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Cuts the input at each 0x01: what stands between two of them arrives at once, and the owner acts in between. The
// price is that no peer ever sends 0x01, which no protocol here tells from other control characters.
inline constexpr char turn = '\x01';
inline std::string_view take_piece(std::string_view& input) {
  const std::size_t end = input.find(turn);
  const std::string_view piece = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return piece;
}
// The octets that the peer sent, all pieces in a row.
inline std::string without_turns(std::string_view input) {
  std::string octets;
  while (!input.empty()) octets += take_piece(input);
  return octets;
}

// Every line ends in CR LF, and CR, LF and NUL stand nowhere else: what a peer cannot read in two ways.
inline bool is_canonical(std::string_view octets) {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const bool cr = octets[i] == '\r';
    if (octets[i] == '\0' || cr != (i + 1 < octets.size() && octets[i + 1] == '\n')) return false;
  }
  return octets.empty() || octets.front() != '\n';
}

// Lines without their leading dot, if they have one: what a receiver makes of dot transparency, be it stuffed where it
// must or where it need not.
inline std::string without_leading_dots(std::string_view octets) {
  std::string out;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const bool line_start = i == 0 || (i >= 2 && octets.substr(i - 2, 2) == "\r\n");
    if (octets[i] != '.' || !line_start) out += octets[i];
  }
  return out;
}

inline bool is_utf8(std::string_view octets) {
  for (std::size_t i = 0; i < octets.size();) {
    const auto lead = static_cast<unsigned char>(octets[i]);
    const std::size_t more = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || i + more >= octets.size()) return false;
    std::uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(octets[i + k]);
      if ((next & 0xC0U) != 0x80) return false;
      point = point << 6U | (next & 0x3FU);
    }
    const bool overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
    if (overlong || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace sluis::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
