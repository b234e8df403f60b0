// sluis run: the daemon in the foreground; a service manager or `&` puts it where it belongs.
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "config/load.h"
#include "gateway/cli/program.h"
#include "gateway/gateway.h"

namespace sluis::gateway {

namespace {

std::unique_ptr<LogSink> sink_for(config::LogFormat format) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const bool text = format == config::LogFormat::text || (format == config::LogFormat::automatic && terminal);
  return text ? text_log_sink(STDERR_FILENO, terminal) : json_log_sink(STDERR_FILENO);
}

int run_gateway(const Program& program) {
  // Before any thread exists: all of them leave signals to this one.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  static const SystemClock clock;
  AdapterRegistry adapters;
  if (program.load_adapters(adapters) > 0) return 1;
  const config::Loaded loaded = config::load(program.globals().config, adapters, {});
  for (const auto& warning : loaded.warnings) std::fprintf(stderr, "warning: %s\n", warning.text().c_str());
  if (loaded.generation == nullptr) {
    for (const auto& error : loaded.errors) std::fprintf(stderr, "%s\n", error.text().c_str());
    std::fprintf(stderr, "sluis: the configuration in %s has %zu errors\n", program.globals().config.c_str(), loaded.errors.size());
    return 1;
  }
  const Log log(clock, sink_for(loaded.gateway.log_format), loaded.gateway.log_level);
  Gateway gateway({program.globals().config, std::chrono::seconds{30}}, adapters, clock, log);
  if (auto started = gateway.start(loaded); !started) {
    log.error("gateway.failed", started.error().what, {{"code", started.error().code}});
    gateway.stop();
    return 1;
  }
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      static_cast<void>(gateway.reload("signal SIGHUP"));   // the result is in the log
      continue;
    }
    log.info("gateway.signal", "asked to stop", {{"signal", signal}});
    break;
  }
  gateway.stop();
  return 0;
}

}  // namespace

void add_run_command(Program& program) {
  program.command("run", "Run the gateway in the foreground; SIGHUP reloads, SIGTERM stops", [&program] { return run_gateway(program); });
}

}  // namespace sluis::gateway
