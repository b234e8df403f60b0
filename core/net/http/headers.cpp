#include "core/net/http/headers.h"

#include <algorithm>
#include <array>

namespace sluis::net::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_tchar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// "q=0", "q=0.000": not acceptable at all.
bool refused_by_weight(std::string_view member) {
  for (std::size_t at = member.find(';'); at != std::string_view::npos; at = member.find(';')) {
    member = trimmed(member.substr(at + 1));
    if (member.size() < 2 || lower(member[0]) != 'q' || member[1] != '=') continue;
    const std::string_view weight = member.substr(2, member.find(';') - 2);
    return weight.find_first_not_of("0. \t") == std::string_view::npos;
  }
  return false;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_tchar);
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return c == '\t' || (octet >= 0x20 && octet != 0x7F);
  });
}

void Headers::set(std::string_view name, std::string_view value) {
  erase(name);
  add(name, value);
}

void Headers::erase(std::string_view name) {
  std::erase_if(fields_, [name](const Field& field) { return same_name(field.first, name); });
}

const std::string* Headers::find(std::string_view name) const {
  for (const Field& field : fields_)
    if (same_name(field.first, name)) return &field.second;
  return nullptr;
}

std::string_view Headers::get(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string_view{} : std::string_view(*value);
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(),
                                                [name](const Field& field) { return same_name(field.first, name); }));
}

std::vector<std::string_view> Headers::list(std::string_view name) const {
  std::vector<std::string_view> members;
  for (const Field& field : fields_) {
    if (!same_name(field.first, name)) continue;
    const std::string_view value = field.second;
    bool quoted = false;
    std::size_t start = 0;
    for (std::size_t i = 0; i <= value.size(); ++i) {
      if (i < value.size() && value[i] == '"') quoted = !quoted;
      if (i < value.size() && value[i] == '\\' && quoted) ++i;
      if (i < value.size() && (value[i] != ',' || quoted)) continue;
      if (const std::string_view member = trimmed(value.substr(start, i - start)); !member.empty())
        members.push_back(member);
      start = i + 1;
    }
  }
  return members;
}

bool Headers::lists(std::string_view name, std::string_view member) const {
  const std::vector<std::string_view> members = list(name);
  return std::any_of(members.begin(), members.end(), [member](std::string_view one) { return same_name(one, member); });
}

bool accepts_gzip(const Headers& headers) {
  bool any = false;
  for (const std::string_view member : headers.list("Accept-Encoding")) {
    const std::string_view coding = trimmed(member.substr(0, member.find(';')));
    if (same_name(coding, "gzip") || same_name(coding, "x-gzip")) return !refused_by_weight(member);
    if (coding == "*") any = !refused_by_weight(member);
  }
  return any;
}

}  // namespace sluis::net::http
