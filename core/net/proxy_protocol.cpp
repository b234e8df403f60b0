#include "core/net/proxy_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <set>
#include <vector>

#include "core/runtime/digest.h"

namespace sluis::net {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view line_start = "PROXY ";
constexpr std::string_view signature = "\r\n\r\n\0\r\nQUIT\n"sv;  // §2.2: no protocol begins like this
constexpr std::size_t fixed = 16;                                 // signature, version and command, family, length

Error refused(std::string_view why) {
  return Error{"net.proxy-header", fmt::format("PROXY header: {}", why)};
}

std::uint8_t octet(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}
std::uint16_t number16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(octet(bytes, at) << 8U | octet(bytes, at + 1));
}
std::uint32_t number32(std::string_view bytes, std::size_t at) {
  return std::uint32_t{number16(bytes, at)} << 16U | number16(bytes, at + 2);
}

// --- version 1 ------------------------------------------------------------------------------------------------------

Result<Address> line_address(std::string_view ip, std::string_view port, bool v6) {
  std::uint16_t number = 0;
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || failed != std::errc{} || end != port.data() + port.size() ||
      (port.size() > 1 && port.front() == '0'))
    return refused("a port is not a number from 0 to 65535");
  if ((ip.find(':') != std::string_view::npos) != v6) return refused("an address is not of the family that is named");
  Result<Address> address = Address::ip(ip, number);
  if (!address) return refused("an address is not one");
  return address;
}

// `line` is without CR LF and starts with "PROXY ".
Result<ProxyHeader> read_line(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::string_view rest = line;;) {
    const std::size_t space = rest.find(' ');
    fields.push_back(rest.substr(0, space));
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  ProxyHeader header;
  if (fields[1] == "UNKNOWN") return header;
  const bool v6 = fields[1] == "TCP6";
  if (!v6 && fields[1] != "TCP4") return refused("the family is none of TCP4, TCP6, UNKNOWN");
  if (fields.size() != 6) return refused("two addresses and two ports are needed, one space before each");
  Result<Address> source = line_address(fields[2], fields[4], v6);
  if (!source) return source.error();
  Result<Address> destination = line_address(fields[3], fields[5], v6);
  if (!destination) return destination.error();
  header.source = *source;
  header.destination = *destination;
  return header;
}

// --- version 2 ------------------------------------------------------------------------------------------------------

enum class Tlv : std::uint8_t { alpn = 0x01, authority = 0x02, crc32c = 0x03, tls = 0x20 };
enum class TlsTlv : std::uint8_t { version = 0x21, common_name = 0x22, cipher = 0x23 };
constexpr unsigned client_tls = 0x01;
constexpr unsigned client_certificate = 0x02 | 0x04;  // shown on this connection, or on an earlier one of the session

struct Field {
  std::uint8_t type;
  std::string_view value;
};

Result<std::vector<Field>> read_fields(std::string_view bytes) {
  std::vector<Field> fields;
  std::set<std::uint8_t> seen;
  while (!bytes.empty()) {
    if (bytes.size() < 3 || bytes.size() - 3 < number16(bytes, 1)) return refused("a field ends outside the header");
    const Field field{octet(bytes, 0), bytes.substr(3, number16(bytes, 1))};
    constexpr std::uint8_t noop = 0x04;  // padding: may come any number of times
    if (field.type != noop && !seen.insert(field.type).second)
      return refused(fmt::format("the field 0x{:02x} is there twice", field.type));
    fields.push_back(field);
    bytes.remove_prefix(3 + field.value.size());
  }
  return fields;
}

Result<std::string> text_of(const Field& field) {
  const bool clean = std::none_of(field.value.begin(), field.value.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 || code == 0x7F;
  });
  if (!clean) return refused(fmt::format("control characters in the field 0x{:02x}", field.type));
  return std::string(field.value);
}

Result<std::optional<ProxiedTls>> read_tls(std::string_view bytes) {
  if (bytes.size() < 5) return refused("the TLS field is too short");
  const Result<std::vector<Field>> fields = read_fields(bytes.substr(5));
  if (!fields) return fields.error();
  const unsigned client = octet(bytes, 0);
  if ((client & client_tls) == 0) return std::optional<ProxiedTls>{};
  ProxiedTls tls;
  for (const Field& field : *fields) {
    std::string* into = nullptr;
    if (field.type == std::uint8_t(TlsTlv::version)) into = &tls.version;
    if (field.type == std::uint8_t(TlsTlv::common_name)) into = &tls.common_name;
    if (field.type == std::uint8_t(TlsTlv::cipher)) into = &tls.cipher;
    if (into == nullptr) continue;
    Result<std::string> text = text_of(field);
    if (!text) return text.error();
    *into = std::move(*text);
  }
  tls.certificate = (client & client_certificate) != 0;
  // §2.2.6: zero means "presented and verified"; without a certificate it means nothing.
  tls.verified = tls.certificate && number32(bytes, 1) == 0;
  return std::optional<ProxiedTls>{std::move(tls)};
}

// The checksum covers the whole header with its own four octets zero (§2.2.3).
Status check_crc(std::string_view whole, std::string_view value) {
  if (value.size() != 4) return refused("the checksum is not of four octets");
  std::string zeroed(whole);
  std::fill_n(zeroed.begin() + (value.data() - whole.data()), 4, '\0');
  if (crc32c(zeroed) != number32(value, 0)) return refused("the checksum is wrong");
  return {};
}

Result<ProxyHeader> read_binary(std::string_view whole) {
  ProxyHeader header;
  header.version = 2;
  header.local = (octet(whole, 12) & 0x0FU) == 0;
  const unsigned family = octet(whole, 13);
  // LOCAL: the block is to be discarded, its family included. UNSPEC: it says nothing.
  if (header.local || family == 0x00) return header;
  std::size_t address_size = 0;
  switch (family) {
    case 0x11: address_size = 4; break;
    case 0x21: address_size = 16; break;
    case 0x31: break;  // a local socket of the proxy's: a path there means nothing here
    default: return refused(fmt::format("the family and transport 0x{:02x} cannot come over this connection", family));
  }
  const std::size_t addresses = family == 0x31 ? 216 : 2 * address_size + 4;
  const std::string_view body = whole.substr(fixed);
  if (body.size() < addresses) return refused("too short for its addresses");
  if (address_size > 0) {
    header.source = Address::from_ip_bytes(body.substr(0, address_size), number16(body, 2 * address_size));
    header.destination =
        Address::from_ip_bytes(body.substr(address_size, address_size), number16(body, 2 * address_size + 2));
  }
  const Result<std::vector<Field>> fields = read_fields(body.substr(addresses));
  if (!fields) return fields.error();
  for (const Field& field : *fields) {
    if (field.type == std::uint8_t(Tlv::crc32c)) {
      if (Status right = check_crc(whole, field.value); !right) return right.error();
    } else if (field.type == std::uint8_t(Tlv::tls)) {
      Result<std::optional<ProxiedTls>> tls = read_tls(field.value);
      if (!tls) return tls.error();
      header.tls = std::move(*tls);
    } else if (field.type == std::uint8_t(Tlv::alpn) || field.type == std::uint8_t(Tlv::authority)) {
      Result<std::string> text = text_of(field);
      if (!text) return text.error();
      (field.type == std::uint8_t(Tlv::alpn) ? header.alpn : header.authority) = std::move(*text);
    }
  }
  return header;
}

}  // namespace

// How many more octets are the header's whatever they are.
std::size_t ProxyHeaderReader::certain() const {
  if (octets_.empty() || octets_.front() != signature.front()) return 1;  // a line tells its end only when it comes
  if (octets_.size() < fixed) return fixed - octets_.size();
  return size_ - octets_.size();
}

bool ProxyHeaderReader::complete() const {
  if (octets_.front() == line_start.front()) return octets_.ends_with("\r\n");
  return octets_.size() >= fixed && octets_.size() == size_;
}

Status ProxyHeaderReader::check_line() {
  const std::size_t known = std::min(octets_.size(), line_start.size());
  if (octets_.substr(0, known) != line_start.substr(0, known)) return refused("there is none");
  const bool after_cr = octets_.size() > 1 && octets_[octets_.size() - 2] == '\r';
  if (after_cr != (octets_.back() == '\n')) return refused("CR and LF stand together, at the end of the line");
  if (octets_.size() == most_v1 && octets_.back() != '\n')
    return refused(fmt::format("the line is longer than {} octets", most_v1));
  return {};
}

Status ProxyHeaderReader::check_binary() {
  const std::size_t known = std::min(octets_.size(), signature.size());
  if (octets_.substr(0, known) != signature.substr(0, known)) return refused("there is none");
  if (octets_.size() > 12) {
    const unsigned what = octet(octets_, 12);
    if (what >> 4U != 2) return refused(fmt::format("version {} is not known", what >> 4U));
    if ((what & 0x0FU) > 1) return refused(fmt::format("command {} is not known", what & 0x0FU));
  }
  if (octets_.size() >= fixed) {
    size_ = fixed + number16(octets_, 14);
    if (size_ > most_v2) return refused(fmt::format("{} octets are more than the {} that are read", size_, most_v2));
  }
  return {};
}

Status ProxyHeaderReader::check() {
  return octets_.front() == line_start.front() ? check_line() : check_binary();
}

Result<bool> ProxyHeaderReader::take(std::string_view& bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(certain(), bytes.size());
    octets_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (Status right = check(); !right) return right.error();
    if (!complete()) continue;
    Result<ProxyHeader> header = octets_.front() == line_start.front()
                                     ? read_line(std::string_view(octets_).substr(0, octets_.size() - 2))
                                     : read_binary(octets_);
    if (!header) return header.error();
    header_ = std::move(*header);
    return true;
  }
  return false;
}

}  // namespace sluis::net
