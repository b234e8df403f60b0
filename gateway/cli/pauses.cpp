// sluis pause and resume.
#include <memory>

#include <fmt/format.h>

#include "gateway/cli/program.h"
#include "gateway/cli/text.h"

namespace sluis::gateway {

namespace {

struct What {
  std::string channel, customer, flow, until, reason;
};

std::string named(const What& what) {
  std::string out = plain(what.channel);
  if (!what.customer.empty()) out += fmt::format(", customer {}", plain(what.customer));
  if (!what.flow.empty()) out += fmt::format(", flow {}", plain(what.flow));
  return out;
}

void add_what(CLI::App& app, const std::shared_ptr<What>& what) {
  app.add_option("CHANNEL", what->channel, "The channel's name")->required();
  app.add_option("--customer", what->customer, "Only this customer's deliveries");
  app.add_option("--flow", what->flow, "Only deliveries of this flow (douane/uitvoer, or douane/* for all of them)");
}

}  // namespace

void add_pause_commands(Program& program) {
  const auto what = std::make_shared<What>();  // shared: the options and the callback both keep it
  CLI::App& pause = program.command(
      "pause", "Send nothing to a channel until it is resumed; without --customer or --flow also ask it for nothing",
      [&program, what] {
        return program.ask_and_print({{"command", "pause"},
                                      {"channel", what->channel},
                                      {"customer", what->customer},
                                      {"flow", what->flow},
                                      {"until", what->until},
                                      {"reason", what->reason}},
                                     [what](const Json&) {
                                       return fmt::format("paused: {}{}\n", named(*what),
                                                          what->until.empty() ? "" : ", until " + plain(what->until));
                                     });
      });
  add_what(pause, what);
  pause.add_option("--until", what->until, "When it ends by itself: a time (RFC 3339), or a duration from now (2h)");
  pause.add_option("--reason", what->reason, "Why; shown until it is lifted")->required();

  const auto lifted = std::make_shared<What>();
  CLI::App& resume =
      program.command("resume", "Lift a pause: the one with the same channel, customer and flow", [&program, lifted] {
        return program.ask_and_print({{"command", "resume"},
                                      {"channel", lifted->channel},
                                      {"customer", lifted->customer},
                                      {"flow", lifted->flow},
                                      {"reason", lifted->reason}},
                                     [lifted](const Json&) { return fmt::format("resumed: {}\n", named(*lifted)); });
      });
  add_what(resume, lifted);
  resume.add_option("--reason", lifted->reason, "Why; kept in the log");
}

}  // namespace sluis::gateway
