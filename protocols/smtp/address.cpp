#include "protocols/smtp/address.h"

#include <algorithm>

#include "protocols/smtp/ascii.h"

namespace sluis::smtp {

namespace {

constexpr std::size_t max_local_part = 64;
constexpr std::size_t max_domain = 255;
constexpr std::size_t max_mailbox = 254;  // a path of 256, less its brackets
constexpr std::string_view hex_digits = "0123456789ABCDEF";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_atext(char c) {
  return is_alphanumeric(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

Error syntax(std::string_view what) {
  return Error{"smtp.address.syntax", what};
}

Result<std::string> take_local_part(std::string_view& text) {
  std::size_t at = 0;
  if (text.starts_with('"')) {
    for (at = 1; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && ++at == text.size()) break;
      if (text[at] < ' ' || text[at] > '~') return syntax("a control character in a quoted local part");
    }
    if (at >= text.size()) return syntax("a quoted local part without its closing quote");
    ++at;
  } else {
    while (at < text.size() && (is_atext(text[at]) || text[at] == '.')) ++at;
    const std::string_view atoms = text.substr(0, at);
    if (atoms.empty()) return syntax("no local part");
    if (atoms.front() == '.' || atoms.back() == '.' || atoms.find("..") != std::string_view::npos)
      return syntax("a misplaced dot in the local part");
  }
  if (at > max_local_part) return Error{"smtp.address.length", "a local part longer than 64 octets"};
  std::string local(text.substr(0, at));
  text.remove_prefix(at);
  return local;
}

bool is_domain_name(std::string_view domain) {
  while (true) {
    const std::size_t dot = domain.find('.');
    const std::string_view label = domain.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; })) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

// address-literal of RFC 5321 §4.1.3: the form is checked, whether the numbers make sense is for whoever connects
// there.
bool is_address_literal(std::string_view domain) {
  if (domain.size() < 3 || domain.back() != ']') return false;
  const std::string_view inner = domain.substr(1, domain.size() - 2);
  return std::all_of(inner.begin(), inner.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == ':' || c == '-'; });
}

Result<std::string> take_domain(std::string_view& text) {
  std::size_t at = 0;
  if (text.starts_with('[')) {
    at = text.find(']');
    if (at == std::string_view::npos) return syntax("an address literal without its closing bracket");
    ++at;
  } else {
    while (at < text.size() && (is_alphanumeric(text[at]) || text[at] == '-' || text[at] == '.')) ++at;
  }
  const std::string_view domain = text.substr(0, at);
  if (domain.size() > max_domain) return Error{"smtp.address.length", "a domain longer than 255 octets"};
  if (!is_domain_name(domain) && !(domain.starts_with('[') && is_address_literal(domain)))
    return syntax("not a domain name");
  std::string taken(domain);
  text.remove_prefix(at);
  return taken;
}

Result<Address> take_mailbox(std::string_view& text, bool postmaster_alone) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return Error{"smtp.address.non_ascii", "an address outside ASCII; SMTPUTF8 is not spoken here"};
  Address address;
  auto local = take_local_part(text);
  if (!local) return local.error();
  address.local_part = *std::move(local);
  if (!text.starts_with('@')) {
    if (postmaster_alone && upper(address.local_part) == "POSTMASTER") return address;
    return syntax("no @ after the local part");
  }
  text.remove_prefix(1);
  auto domain = take_domain(text);
  if (!domain) return domain.error();
  address.domain = *std::move(domain);
  if (address.text().size() > max_mailbox) return Error{"smtp.address.length", "a path longer than 256 octets"};
  return address;
}

}  // namespace

Result<Address> parse_mailbox(std::string_view text) {
  auto address = take_mailbox(text, false);
  if (address && !text.empty()) return syntax("something follows the address");
  return address;
}

Result<Address> take_path(std::string_view& argument, PathKind kind) {
  if (!argument.starts_with('<')) return syntax("no < before the path");
  argument.remove_prefix(1);
  if (kind == PathKind::reverse && argument.starts_with('>')) {
    argument.remove_prefix(1);
    return Address{};
  }
  while (argument.starts_with('@')) {
    argument.remove_prefix(1);
    if (const auto hop = take_domain(argument); !hop) return hop.error();
    if (argument.empty() || (argument.front() != ',' && argument.front() != ':'))
      return syntax("a broken source route");
    const bool last = argument.front() == ':';
    argument.remove_prefix(1);
    if (last) break;
  }
  auto address = take_mailbox(argument, kind == PathKind::forward);
  if (!address) return address;
  if (!argument.starts_with('>')) return syntax("no > after the path");
  argument.remove_prefix(1);
  return address;
}

std::string xtext_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= '!' && c <= '~' && c != '+' && c != '=') {
      out += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out += '+';
    out += hex_digits[octet >> 4];
    out += hex_digits[octet & 15];
  }
  return out;
}

Result<std::string> xtext_decode(std::string_view text) {
  const Error bad{"smtp.xtext", "not xtext (RFC 3461 §4), or an unprintable octet in it"};
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '=' || c < '!' || c > '~') return bad;
    if (c == '+') {
      if (text.size() - at < 3) return bad;
      const std::size_t high = hex_digits.find(text[at + 1]);
      const std::size_t low = hex_digits.find(text[at + 2]);
      if (high == std::string_view::npos || low == std::string_view::npos) return bad;
      c = static_cast<char>(high * 16 + low);
      if (c < ' ' || c > '~') return bad;
      at += 2;
    }
    out += c;
  }
  return out;
}

}  // namespace sluis::smtp
