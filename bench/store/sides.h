// What the store's benchmark measures: the store through its own interface, and a bare SQLite program beside it.
#pragma once

#include <cstdint>
#include <string>

namespace sluis::bench {

struct StoreRun {
  std::string folder;
  std::uint64_t first = 0;  // number of the first message
  std::uint64_t messages = 0;
  std::uint64_t warm_up = 0;  // messages before the measured ones
  std::size_t producers = 64;
  std::size_t body_octets = 4096;
  double commands_per_commit = 32;  // of the bare side
};

// Every producer has one message on its way: accepted, begun, delivered, each after the commit of the one before. What
// producers do runs on one loop beside the writer's thread, as in the gateway. Reports; see measured_region.h.
void run_store_side(const StoreRun& run);

// The same rows and octets in the same order of steps, by statements that were prepared once, with values that were
// made before: no look-ups, no savepoints, no checksums, no hashes, no other thread. Same PRAGMAs, same checkpoints,
// same segment file, and as many steps in one commit as it is told.
void run_bare_side(const StoreRun& run);

// Stores `run.messages` messages by the store itself, in large commits. `queued`: their deliveries wait; else they are
// delivered. `channel`: where they go.
void prefill(const StoreRun& run, bool queued, const std::string& channel);

// Rows and their octets, table by table, summed.
void weigh(const std::string& folder);

}  // namespace sluis::bench
