// The command line (DESIGN §5): one object that knows the global options and runs one sub-command.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/channel/plugin.h"
#include "gateway/records_json.h"

namespace sluis::gateway {

// Exit statuses: 0 done; 1 it could not be done (errors on stderr); 2 the command line itself was wrong.
class Program {
 public:
  Program();
  int run(int argc, char** argv);

  // For the commands.
  struct Globals {
    std::string config = "/etc/sluis";
    std::string adapters;       // folder of plugins
    std::string socket;         // control socket; else from the configuration
    bool json = false;
  };
  const Globals& globals() const { return globals_; }
  // Loads the adapters (or, built in, registers them); errors go to stderr and are counted.
  std::size_t load_adapters(AdapterRegistry& registry) const;
  // Asks the running gateway; prints JSON as it is or what `text` makes of it. Returns the exit status.
  int ask_and_print(const Json& request, const std::function<std::string(const Json&)>& text) const;
  // The same with an answer that the command found itself.
  int print(const Result<Json>& answer, const std::function<std::string(const Json&)>& text) const;
  CLI::App& command(const std::string& name, const std::string& description, std::function<int()> body);

 private:
  std::string socket_path(std::string& error) const;
  Globals globals_;
  std::string output_ = "text";
  CLI::App app_;
  int status_ = 0;
};

// Each registers its commands with the program.
void add_run_command(Program& program);
void add_configuration_commands(Program& program);   // check, reload, route, adapters
void add_schema_command(Program& program);
void add_message_commands(Program& program);         // messages, show, resend, release, cancel, hold, go-on, open-gate
void add_pause_commands(Program& program);           // pause, resume
void add_state_commands(Program& program);           // status, incidents, probe, verify, metrics

}  // namespace sluis::gateway
