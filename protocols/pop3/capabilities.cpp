#include "protocols/pop3/capabilities.h"

#include <algorithm>

#include "protocols/pop3/response.h"

namespace sluis::pop3 {

namespace {

std::string_view next_word(std::string_view& rest) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace

void Capabilities::add(std::string_view line) {
  constexpr std::uint64_t most_delay = 7 * 24 * 3600;  // a longer one is a fault of the peer, not a wish to honour
  const std::string keyword = upper(next_word(line));
  if (keyword == "STLS") stls = true;
  if (keyword == "USER") user = true;
  if (keyword == "UIDL") uidl = true;
  if (keyword == "TOP") top = true;
  if (keyword == "PIPELINING") pipelining = true;
  if (keyword == "RESP-CODES") resp_codes = true;
  if (keyword == "AUTH-RESP-CODE") auth_resp_code = true;
  if (keyword == "IMPLEMENTATION") implementation = printable(line.starts_with(' ') ? line.substr(1) : line, 200);
  if (keyword == "LOGIN-DELAY")
    if (const auto seconds = parse_number(next_word(line), most_delay))
      login_delay = std::chrono::seconds{static_cast<std::chrono::seconds::rep>(*seconds)};
  if (keyword == "SASL")
    for (auto word = next_word(line); !word.empty(); word = next_word(line))
      if (const auto mechanism = sasl::parse_mechanism(word); mechanism && !offers(*mechanism))
        sasl.push_back(*mechanism);
}

bool Capabilities::offers(sasl::Mechanism mechanism) const {
  return std::find(sasl.begin(), sasl.end(), mechanism) != sasl.end();
}

}  // namespace sluis::pop3
