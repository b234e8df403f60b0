#include "adapters/sandbox/program.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>

#include "adapters/sandbox/certificates.h"
#include "adapters/sandbox/control.h"
#include "adapters/sandbox/durable.h"
#include "adapters/sandbox/side.h"

namespace sluis::sandbox {
namespace {

struct Settings {
  std::string state;
  std::string ports;
  std::string control;
  std::string certificate;
  std::string key;
  std::vector<std::string> misbehave;
  std::uint64_t seed = 1;
  SideValues side;
};

int failed(const Error& error) {
  std::fprintf(stderr, "sluis-sandbox: %s\n", error.what.c_str());
  return 1;
}

Result<std::shared_ptr<const net::TlsContext>> certificate(const Settings& settings, const Clock& clock) {
  if (settings.certificate.empty()) return local_certificate(settings.state, clock);
  net::TlsSettings tls;
  tls.role = net::TlsRole::server;
  tls.certificate_file = settings.certificate;
  tls.key_file = settings.key;
  return net::TlsContext::make(tls);
}

std::string control_answer(Misbehaviour& misbehaviour, const Side& side, std::string_view line) {
  constexpr std::string_view misbehave = "misbehave ";
  if (line == "behave") {
    misbehaviour.behave();
    return "ok";
  }
  if (line == "mails") return side.status().dump();
  if (line.starts_with(misbehave)) {
    const Status added = misbehaviour.add(line.substr(misbehave.size()));
    return added ? "ok" : "error " + added.error().what;
  }
  return "error the commands are: misbehave SPEC, behave, mails";
}

sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

Status announce(const Settings& settings, const Event& ports) {
  const std::string line = ports.dump() + "\n";
  if (!settings.ports.empty())
    if (const Status written = write_durably(settings.ports, line); !written) return written;
  if (std::fputs(line.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    return Error{"sandbox.stdout", "the ports could not be printed"};
  return {};
}

int live(const SideKind& kind, const Settings& settings) {
  const sigset_t signals = block_signals();  // before any thread is made
  const SystemClock clock;
  SystemRandom random;
  IdGenerator ids(clock, random);
  Misbehaviour misbehaviour(settings.seed);
  misbehaviour.know(kind.points);
  for (const std::string& spec : settings.misbehave)
    if (const Status added = misbehaviour.add(spec); !added) return failed(added.error());
  if (const Status made = make_folder(settings.state); !made) return failed(made.error());
  const auto tls = certificate(settings, clock);
  if (!tls) return failed(tls.error());

  const Log log(clock, text_log_sink(STDERR_FILENO, false), LogLevel::warning);
  net::LoopGroup loops(clock, 2, {.log = log});
  const std::unique_ptr<Side> side = kind.make();
  WorkerPool pool(4);
  const auto quit = [&] {
    pool.stop();
    loops.stop();
  };
  const auto ports =
      side->start({clock, random, ids, loops, pool, misbehaviour, log, settings.state, *tls}, settings.side);
  std::unique_ptr<net::Listener> control;
  Status ready = ports ? Status{} : Status{ports.error()};
  if (ready && !settings.control.empty()) {
    auto opened = open_control(loops, settings.control, [&misbehaviour, &side](std::string_view line) {
      return control_answer(misbehaviour, *side, line);
    });
    if (opened)
      control = std::move(opened).value();
    else
      ready = opened.error();
  }
  if (ready) ready = announce(settings, *ports);
  if (ready) {
    int signal = 0;
    sigwait(&signals, &signal);
  }
  if (control) control->stop();
  if (ports) side->stop();
  quit();
  return ready ? 0 : failed(ready.error());
}

void add_common(CLI::App& app, Settings& settings) {
  app.add_option("--state", settings.state, "Folder of what must survive a restart: mails, maildrops, ledger.jsonl")
      ->required();
  app.add_option("--ports", settings.ports, "File that gets the line of ports");
  app.add_option("--control", settings.control, "Path of a local socket: misbehave SPEC, behave, mails");
  auto* certificate = app.add_option("--certificate", settings.certificate,
                                     "PEM file of the server's certificate; one is made in --state without it");
  auto* key = app.add_option("--key", settings.key, "PEM file of its key");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--misbehave", settings.misbehave, "POINT[:ACTION][*COUNT][@PROBABILITY], any number of times");
  app.add_option("--seed", settings.seed, "Of the draws of @PROBABILITY")->capture_default_str();
}

std::string points_text(const SideKind& kind) {
  std::string text = "What --misbehave takes:\n";
  for (const MisbehaviourPoint& point : kind.points) {
    text += "  " + std::string(point.name);
    if (point.number) text += ":N";
    for (const char digit : point.codes) text += std::string(" :") + digit + "xx";
    for (const std::string_view word : point.words) text += " :" + std::string(word);
    text += "  " + std::string(point.sentence) + "\n";
  }
  return text;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app{"Behaves like the other side of a channel, for rehearsal and tests"};
  app.require_subcommand(1);
  std::deque<Settings> all;  // one for each side; addresses stay
  std::vector<CLI::App*> commands;
  for (const SideKind& kind : side_kinds()) {
    Settings& settings = all.emplace_back();
    CLI::App* command = app.add_subcommand(std::string(kind.name), std::string(kind.sentence));
    command->footer(points_text(kind));
    add_common(*command, settings);
    for (const SideOption& option : kind.options) {
      std::string& value = settings.side[std::string(option.name)];
      value = option.standard;
      auto* added = command->add_option("--" + std::string(option.name), value, std::string(option.sentence));
      added->capture_default_str();
      if (option.required) added->required();
      if (!option.allowed.empty()) added->check(CLI::IsMember(option.allowed));
    }
    commands.push_back(command);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  for (std::size_t i = 0; i < commands.size(); ++i)
    if (commands[i]->parsed()) return live(side_kinds()[i], all[i]);
  return 2;
}

}  // namespace sluis::sandbox
