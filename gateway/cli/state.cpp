// sluis status, incidents, probe, verify, metrics.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "gateway/cli/program.h"
#include "gateway/cli/text.h"
#include "gateway/seal_key.h"
#include "store/sqlite/store.h"

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

// Without a gateway: a restored copy is looked at before one sends what it takes for open.
Result<Json> verify_stopped(const std::string& folder, const Json& seals) {
  static const SystemClock clock;
  const std::string data = std::filesystem::absolute(folder).lexically_normal().string();
  const auto key = read_seal_key(seal_key_file(data));
  if (!key) return key.error();
  sqlite::Options options;
  options.folder = data;
  options.seal_key = *key;
  const auto report = sqlite::SqliteStore::verify_stopped(options, clock, seals.get<std::vector<std::string>>());
  if (!report) return report.error();
  return Json{{"ok", true}, {"report", to_json(*report)}};
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

  const auto log = std::make_shared<std::string>(), data = std::make_shared<std::string>();
  CLI::App& verify = program.command("verify", "Walk every timeline, checksum and seal of the store", [&program, log, data] {
    Json request = {{"command", "verify"}, {"seals", Json::array()}};
    if (!log->empty()) {
      std::string error;
      request["seals"] = seals_of(*log, error);
      if (!error.empty()) {
        std::fprintf(stderr, "sluis: %s\n", error.c_str());
        return 1;
      }
    }
    bool clean = true;
    const auto text = [&](const Json& answer) {
      clean = answer.at("report").at("findings").empty();
      return verify_text(answer);
    };
    const int status = data->empty() ? program.ask_and_print(request, text) : program.print(verify_stopped(*data, request["seals"]), text);
    return status == 0 && !clean ? 1 : status;
  });
  verify.add_option("--seals", *log, "The gateway's log: its seals must match the store");
  verify.add_option("--data", *data, "A data directory that no gateway has open, as a restored copy; its key lies beside it");

  program.command("metrics", "Print the gateway's metrics in Prometheus' text format", [&program] {
    return program.ask_and_print({{"command", "metrics"}}, [](const Json& answer) { return answer.value("text", std::string{}); });
  });
}

}  // namespace sluis::gateway
