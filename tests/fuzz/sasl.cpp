// SASL: servers that meet any response, clients that meet any challenge, and the two halves with any credentials.
#include "protocols/sasl/sasl.h"

#include <array>

#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;

namespace {

constexpr std::array mechanisms{sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5,
                                sasl::Mechanism::external};

void server_alone(sasl::Mechanism mechanism, std::string_view input) {
  sasl::ServerExchange server(mechanism, "<1896.697170952@mx.example.test>");
  for (int steps = 0; steps < 8; ++steps) {
    const auto step = input.empty() && steps == 0 ? server.next(std::nullopt) : server.next(take_piece(input));
    if (!step.ok()) return;
    require(step->challenge.has_value() != step->presented.has_value(), "a challenge or an end, never both");
    if (!step->presented) continue;
    require(step->presented->mechanism == mechanism, "what is presented is of the mechanism that ran");
    require(step->presented->username.find('\0') == std::string::npos, "no NUL in a name");
    (void)sasl::verify(*step->presented, Secret{"wachtwoord"});
    return;
  }
  require(false, "an exchange ends within a few steps");
}

void client_alone(sasl::Mechanism mechanism, std::string_view input) {
  sasl::ClientExchange client(mechanism, {"klant-1", Secret{"wachtwoord"}});
  (void)client.initial_response();
  int answers = 0;
  for (; answers < 8 && client.respond(take_piece(input)).ok(); ++answers) {}
  require(answers <= 2, "a client answers what its mechanism expects and no more");
}

void both_halves(sasl::Mechanism mechanism, std::string_view input) {
  const std::string name(take_piece(input));
  const Secret password{std::string(input)};
  sasl::ClientExchange client(mechanism, {name, password});
  sasl::ServerExchange server(mechanism, "<1896.697170952@mx.example.test>");
  const auto initial = client.initial_response();
  auto step = initial ? server.next(initial->reveal()) : server.next(std::nullopt);
  while (step.ok() && step->challenge) {
    const auto response = client.respond(*step->challenge);
    if (!response.ok()) return;
    step = server.next(response->reveal());
  }
  if (!step.ok()) return;
  require(step->presented->username == name, "the name arrives as it was given");
  if (mechanism != sasl::Mechanism::external)
    require(sasl::verify(*step->presented, password), "the right password is recognised");
}

}  // namespace

// The first octet chooses the mechanism.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const sasl::Mechanism mechanism = mechanisms[data[0] % mechanisms.size()];
  const std::string_view input = text(data + 1, size - 1);
  server_alone(mechanism, input);
  client_alone(mechanism, input);
  both_halves(mechanism, input);
  if (const auto named = sasl::parse_mechanism(input))
    require(sasl::parse_mechanism(sasl::to_string(*named)) == named, "a mechanism's own name is known");
  return 0;
}
