// sluis status, incidents, probe, verify, metrics.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "gateway/cli/program.h"
#include "gateway/cli/text.h"

namespace sluis::gateway {

namespace {

// Seals as they stand in a log: the JSON field "seal" of event timeline.seal, or seal="…" of the text form.
Json seals_of(const std::string& file, std::string& error) {
  Json seals = Json::array();
  std::ifstream in(file);
  if (!in) {
    error = file + ": cannot be read";
    return seals;
  }
  for (std::string line; std::getline(in, line);) {
    if (line.find("timeline.seal") == std::string::npos) continue;
    const Json record = Json::parse(line, nullptr, false);
    if (record.is_object() && record.contains("seal") && record["seal"].is_string()) {
      seals.push_back(record["seal"]);
    } else if (const auto at = line.find("seal=\""); at != std::string::npos) {
      const auto end = line.find('"', at + 6);
      if (end != std::string::npos) seals.push_back(line.substr(at + 6, end - at - 6));
    }
  }
  return seals;
}

}  // namespace

void add_state_commands(Program& program) {
  program.command("status", "Show the gateway, its channels and its queues",
                  [&program] { return program.ask_and_print({{"command", "status"}}, status_text); });

  const auto all = std::make_shared<bool>(false);
  program.command("incidents", "List open incidents", [&program, all] {
    return program.ask_and_print({{"command", "incidents"}, {"all", *all}}, incidents_text);
  }).add_flag("--all", *all, "Also those that are closed");

  const auto channel = std::make_shared<std::string>(), customer = std::make_shared<std::string>();
  CLI::App& probe = program.command("probe", "Try a channel's connections step by step; sends and deletes nothing", [&program, channel, customer] {
    bool passed = true;
    const int status = program.ask_and_print({{"command", "probe"}, {"channel", *channel}, {"customer", *customer}}, [&](const Json& answer) {
      passed = answer.value("passed", false);
      return probe_text(answer, ::isatty(STDOUT_FILENO) == 1);
    });
    return status == 0 && !passed ? 1 : status;
  });
  probe.add_option("CHANNEL", *channel, "The channel's name")->required();
  probe.add_option("--customer", *customer, "With this customer's account; else the channel's own");

  const auto log = std::make_shared<std::string>();
  program.command("verify", "Walk every timeline, checksum and seal of the store", [&program, log] {
    Json request = {{"command", "verify"}};
    if (!log->empty()) {
      std::string error;
      request["seals"] = seals_of(*log, error);
      if (!error.empty()) {
        std::fprintf(stderr, "sluis: %s\n", error.c_str());
        return 1;
      }
    }
    bool clean = true;
    const int status = program.ask_and_print(request, [&](const Json& answer) {
      clean = answer.at("report").at("findings").empty();
      return verify_text(answer);
    });
    return status == 0 && !clean ? 1 : status;
  }).add_option("--seals", *log, "The gateway's log: its seals must match the store");

  program.command("metrics", "Print the gateway's metrics in Prometheus' text format", [&program] {
    return program.ask_and_print({{"command", "metrics"}}, [](const Json& answer) { return answer.value("text", std::string{}); });
  });
}

}  // namespace sluis::gateway
