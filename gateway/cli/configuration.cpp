// sluis check, reload, route, adapters: what needs no running gateway, and reload, which does.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/schema_values.h"
#include "gateway/cli/program.h"
#include "gateway/cli/text.h"
#include "gateway/listeners.h"
#include "routing/compiled.h"

namespace sluis::gateway {

namespace {

// Loads the configuration; every error goes to stderr with its place. None: the generation is null.
config::Loaded load_all(const Program& program, AdapterRegistry& adapters, bool& broken) {
  broken = program.load_adapters(adapters) > 0;
  config::Loaded loaded = config::load(program.globals().config, adapters, {});
  for (const auto& warning : loaded.warnings) std::fprintf(stderr, "warning: %s\n", warning.text().c_str());
  for (const auto& error : loaded.errors) std::fprintf(stderr, "%s\n", error.text().c_str());
  return loaded;
}

int check(const Program& program) {
  AdapterRegistry adapters;
  bool broken = false;
  const config::Loaded loaded = load_all(program, adapters, broken);
  if (loaded.generation == nullptr || broken) {
    std::fprintf(stderr, "sluis: %s: %zu errors\n", program.globals().config.c_str(), loaded.errors.size());
    return 1;
  }
  // What a reload would load, and refuse itself for.
  const PreparedListeners listeners = prepare(loaded.gateway.listeners);
  for (const Error& error : listeners.errors) std::fprintf(stderr, "gateway.yaml: %s\n", error.what.c_str());
  if (!listeners.errors.empty()) return 1;
  if (program.globals().json) {
    const Json out = {{"ok", true}, {"files", loaded.files.size()}, {"channels", loaded.generation->channels.size()},
                      {"customers", loaded.generation->customers.size()}, {"policies", loaded.generation->policies.size()}};
    std::fputs((dump(out, 2) + "\n").c_str(), stdout);
  } else {
    std::printf("%s", fmt::format("{} files: {} channels, {} customers, {} policies; no errors\n", loaded.files.size(),
                                  loaded.generation->channels.size(), loaded.generation->customers.size(), loaded.generation->policies.size()).c_str());
  }
  return 0;
}

std::string reload_text(const Json& answer) {
  const auto names = [&](const char* field) {
    std::string out;
    for (const Json& name : answer.value(field, Json::array())) out += (out.empty() ? "" : ", ") + plain(name.get<std::string>());
    return out.empty() ? std::string("none") : out;
  };
  return fmt::format("generation {} is in force; channels added: {}; removed: {}; restarted: {}\n", answer.value("generation", 0), names("added"),
                     names("removed"), names("changed"));
}

struct RouteQuestion {
  std::string file, from, customer;
  std::vector<std::string> attributes;
};

int explain_route(const Program& program, const RouteQuestion& question) {
  AdapterRegistry adapters;
  bool broken = false;
  const config::Loaded loaded = load_all(program, adapters, broken);
  if (loaded.generation == nullptr || broken) return 1;
  const auto& routing = loaded.routing;
  std::ifstream in(question.file, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (!in || routing == nullptr) {
    std::fprintf(stderr, "sluis: %s: cannot be read\n", question.file.c_str());
    return 1;
  }
  bytes.resize(std::min<std::size_t>(bytes.size(), inline_content_limit));   // what recognisers see of any part
  Message message;
  message.from = question.from;
  message.customer = question.customer;
  const auto channel = loaded.generation->channels.find(question.from);
  if (channel == loaded.generation->channels.end()) {
    std::fprintf(stderr, "sluis: there is no channel \"%s\"\n", question.from.c_str());
    return 1;
  }
  if (!question.customer.empty() && !loaded.generation->customers.contains(question.customer)) {
    std::fprintf(stderr, "sluis: there is no customer \"%s\"\n", question.customer.c_str());
    return 1;
  }
  message.attributes.set(attribute::from, question.from);
  message.attributes.set(attribute::environment, to_string(channel->second.environment));
  if (!question.customer.empty()) message.attributes.set(attribute::customer, question.customer);
  message.attributes.set("file.name", question.file.substr(question.file.rfind('/') + 1));
  for (const std::string& pair : question.attributes) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "sluis: --set %s: write name=value\n", pair.c_str());
      return 2;
    }
    message.attributes.set(pair.substr(0, equals), pair.substr(equals + 1));
  }
  Part part;
  part.file_name = std::string(message.attributes.get("file.name"));
  part.content = Content::inline_of(bytes);
  message.parts.push_back(std::move(part));
  const routing::Explanation explanation = routing->explain(message, {std::string_view(bytes)});
  if (program.globals().json) {
    Json out = {{"ok", true}, {"attributes", to_json(explanation.attributes)}, {"conflict", explanation.conflict}, {"considered", Json::array()}};
    for (const auto& one : explanation.considered)
      out["considered"].push_back({{"route", one.route}, {"customer", one.customer}, {"place", one.place.text()}, {"matched", one.matched}, {"why", one.why}});
    std::fputs((dump(out, 2) + "\n").c_str(), stdout);
  } else {
    std::fputs(explanation.text().c_str(), stdout);
  }
  return std::holds_alternative<RoutePlan>(explanation.decision) ? 0 : 1;
}

std::string settings_text(SettingsTable table) {
  std::string out;
  for (const SettingSpec& s : table) {
    const std::string about = s.required ? "required" : s.otherwise.empty() ? "" : fmt::format("default {}", s.otherwise);
    out += fmt::format("    {:<22} {:<12} {:<20} {}\n", s.name, to_string(s.type), about, s.sentence);
  }
  return out;
}

int list_adapters(const Program& program, const std::string& only) {
  AdapterRegistry adapters;
  const bool broken = program.load_adapters(adapters) > 0;
  Json out = Json::array();
  std::string text;
  for (const auto& entry : adapters.entries()) {
    if (!only.empty() && only != entry.name) continue;
    Json kinds = Json::array();
    text += fmt::format("{} {}  ({})\n", entry.name, entry.version, entry.origin);
    for (const ChannelKind& kind : entry.adapter->kinds()) {
      text += fmt::format("  {}: {}\n", kind.name, kind.sentence);
      if (!only.empty()) text += "  channel settings\n" + settings_text(kind.settings) + "  account settings\n" + settings_text(kind.account);
      Json settings = Json::array(), account = Json::array();
      for (const SettingSpec& s : kind.settings) settings.push_back(config::setting_json(s));
      for (const SettingSpec& s : kind.account) account.push_back(config::setting_json(s));
      kinds.push_back({{"kind", kind.name}, {"sentence", kind.sentence}, {"settings", settings}, {"account", account}});
    }
    out.push_back({{"adapter", entry.name}, {"version", entry.version}, {"origin", entry.origin}, {"kinds", kinds}});
  }
  std::fputs(program.globals().json ? (dump(out, 2) + "\n").c_str() : text.c_str(), stdout);
  if (!only.empty() && out.empty()) {
    std::fprintf(stderr, "sluis: no adapter \"%s\" is loaded\n", only.c_str());
    return 1;
  }
  return broken ? 1 : 0;
}

}  // namespace

void add_configuration_commands(Program& program) {
  program.command("check", "Check the whole configuration and run the routing table's examples", [&program] { return check(program); });
  program.command("reload", "Have the running gateway take over the configuration, if it has no errors",
                  [&program] { return program.ask_and_print({{"command", "reload"}}, reload_text); });

  const auto question = std::make_shared<RouteQuestion>();   // shared: the options and the callback both keep it
  CLI::App& route = program.command("route", "Explain which route a file would take, and why not the ones above it",
                                    [&program, question] { return explain_route(program, *question); });
  route.add_option("FILE", question->file, "The file")->required();
  route.add_option("--from", question->from, "The channel it would arrive on")->required();
  route.add_option("--customer", question->customer, "Whose it would be");
  route.add_option("--set", question->attributes, "Another attribute, as name=value");

  const auto only = std::make_shared<std::string>();
  program.command("adapters", "List the loaded adapters; with a name, its settings", [&program, only] { return list_adapters(program, *only); })
      .add_option("NAME", *only, "One adapter");
}

}  // namespace sluis::gateway
