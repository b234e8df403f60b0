#include "gateway/cli/program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "config/load.h"
#include "gateway/builtin_adapters.h"
#include "gateway/control/protocol.h"

namespace sluis::gateway {

namespace {

// Adapters lie beside the program: <prefix>/bin/sluis and <prefix>/lib/sluis/adapters.
std::string default_adapter_folder() {
  std::error_code code;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", code);
  return code ? "" : (self.parent_path().parent_path() / "lib" / "sluis" / "adapters").string();
}

}  // namespace

Program::Program() : app_("Sluis: a gateway between businesses and their governments.", "sluis") {
  globals_.adapters = default_adapter_folder();
  app_.set_version_flag("--version", std::string("sluis ") + SLUIS_VERSION);
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.add_option("-c,--config", globals_.config, "The configuration directory")->envname("SLUIS_CONFIG")->capture_default_str();
  app_.add_option("--adapters", globals_.adapters, "The folder of adapter plugins")->envname("SLUIS_ADAPTERS");
  app_.add_option("--socket", globals_.socket, "The control socket; by default what the configuration says");
  app_.add_option("-o,--output", output_, "How lists are printed")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  add_run_command(*this);
  add_configuration_commands(*this);
  add_schema_command(*this);
  add_message_commands(*this);
  add_state_commands(*this);
  add_pause_commands(*this);
}

CLI::App& Program::command(const std::string& name, const std::string& description, std::function<int()> body) {
  CLI::App* command = app_.add_subcommand(name, description);
  command->callback([this, body = std::move(body)] {
    globals_.json = output_ == "json";
    status_ = body();
  });
  return *command;
}

int Program::run(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app_.exit(error);   // prints help to stdout, or what is wrong to stderr
    return code == 0 ? 0 : 2;
  }
  return status_;
}

std::size_t Program::load_adapters(AdapterRegistry& registry) const {
  std::size_t errors = 0;
  const auto report = [&](const Error& error) {
    std::fprintf(stderr, "sluis: %s\n", error.what.c_str());
    ++errors;
  };
  for (const PluginInfo* info : builtin_adapters())
    if (auto added = registry.add(info, "built in"); !added) report(added.error());
  std::error_code code;
  if (!globals_.adapters.empty() && std::filesystem::is_directory(globals_.adapters, code))
    for (const Error& error : registry.load_folder(globals_.adapters)) report(error);
  return errors;
}

std::string Program::socket_path(std::string& error) const {
  if (!globals_.socket.empty()) return globals_.socket;
  const auto found = config::control_socket(globals_.config);
  if (found) return *found;
  error = found.error().what;
  return {};
}

int Program::ask_and_print(const Json& request, const std::function<std::string(const Json&)>& text) const {
  std::string trouble;
  const std::string socket = socket_path(trouble);
  if (socket.empty()) {
    std::fprintf(stderr, "sluis: %s\n", trouble.c_str());
    return 1;
  }
  return print(ask(socket, request), text);
}

int Program::print(const Result<Json>& answer, const std::function<std::string(const Json&)>& text) const {
  if (!answer) {
    std::fprintf(stderr, "sluis: %s\n", answer.error().what.c_str());
    return 1;
  }
  const bool ok = answer->value("ok", false);
  if (globals_.json) {
    std::fputs((dump(*answer, 2) + "\n").c_str(), stdout);
    return ok ? 0 : 1;
  }
  if (!ok) {
    for (const Json& line : answer->value("errors", Json::array())) std::fprintf(stderr, "%s\n", line.get<std::string>().c_str());
    std::fprintf(stderr, "sluis: %s\n", answer->value("error", std::string("the gateway gave no reason")).c_str());
    return 1;
  }
  std::fputs(text(*answer).c_str(), stdout);
  return 0;
}

}  // namespace sluis::gateway
