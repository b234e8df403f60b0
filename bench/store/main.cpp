// bench-store: one run of one side of the store's benchmark (bench/store/benchmark.py calls it).
#include "bench/harness/arguments.h"
#include "bench/store/sides.h"
#include "store/sqlite/connection.h"

int main(int count, char** words) try {
  using namespace sluis::bench;
  const Arguments arguments(count, words);
  StoreRun run;
  run.folder = arguments.text("folder");
  if (arguments.mode() == "weigh") {
    weigh(run.folder);
    return 0;
  }
  run.first = arguments.number("first", 0);
  run.messages = arguments.number("messages");
  run.warm_up = arguments.number("warm-up", 0);
  run.producers = arguments.number("producers", run.producers);
  run.body_octets = arguments.number("body", run.body_octets);
  run.commands_per_commit = static_cast<double>(arguments.number("thousandths-per-commit", 32'000)) / 1000;
  if (arguments.mode() == "store")
    run_store_side(run);
  else if (arguments.mode() == "bare")
    run_bare_side(run);
  else if (arguments.mode() == "prefill")
    prefill(run, arguments.number("queued", 0) != 0, arguments.text("channel", "digipoort"));
  else
    give_up("the mode is store, bare, prefill or weigh");
  return 0;
} catch (const sluis::sqlite::Failure& failure) {
  sluis::bench::give_up(failure.what);
}
