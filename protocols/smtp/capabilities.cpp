#include "protocols/smtp/capabilities.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocols/smtp/ascii.h"

namespace sluis::smtp {

namespace {

struct Flag {
  std::string_view keyword;
  bool Capabilities::*member;
};
constexpr std::array<Flag, 6> flags{{{"PIPELINING", &Capabilities::pipelining},
                                     {"8BITMIME", &Capabilities::eight_bit_mime},
                                     {"ENHANCEDSTATUSCODES", &Capabilities::enhanced_status_codes},
                                     {"DSN", &Capabilities::dsn},
                                     {"STARTTLS", &Capabilities::starttls},
                                     {"SIZE", &Capabilities::size}}};

void add_mechanisms(std::vector<std::string>& to, std::string_view words) {
  while (!words.empty()) {
    const std::string word = upper(take_word(words));
    if (!word.empty() && std::find(to.begin(), to.end(), word) == to.end()) to.push_back(word);
  }
}

}  // namespace

bool Capabilities::offers(sasl::Mechanism mechanism) const {
  return std::find(auth.begin(), auth.end(), sasl::to_string(mechanism)) != auth.end();
}

Capabilities parse_capabilities(const Reply& ehlo_reply) {
  Capabilities found;
  bool first = true;
  for (const std::string& line : ehlo_reply.lines) {
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    if (std::exchange(first, false)) {
      found.host = word;
      continue;
    }
    const std::string keyword = upper(word);
    if (keyword.starts_with("AUTH=")) {
      add_mechanisms(found.auth, std::string_view{keyword}.substr(5));
      add_mechanisms(found.auth, rest);
      continue;
    }
    if (keyword.empty()) continue;
    found.keywords[keyword] = rest;
    if (keyword == "AUTH") add_mechanisms(found.auth, rest);
    for (const Flag& flag : flags)
      if (flag.keyword == keyword) found.*flag.member = true;
    if (keyword == "SIZE") {
      const std::string_view number = take_word(rest);
      std::uint64_t limit = 0;
      const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), limit);
      if (problem == std::errc{} && end == number.data() + number.size()) found.size_limit = limit;
    }
  }
  return found;
}

}  // namespace sluis::smtp
