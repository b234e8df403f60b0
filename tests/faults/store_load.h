// Work for a store from many producers, and a ledger of what it has answered.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/runtime/random.h"
#include "store/sqlite/store.h"
#include "tests/faults/faulty_disk.h"

namespace sluis::faults {

// Drives a SqliteStore on a FaultyDisk in manual mode: accepts, attempts, settlements, operations, purges and seals,
// drawn from a seed. The ledger knows what was answered with OK, and what may or may not have happened because its
// answer was a failure or never came. findings() holds the store against it. [Threading] one thread. [Ownership] owns
// the store; the disk outlives it.
class StoreLoad {
 public:
  StoreLoad(FaultyDisk& disk, std::string folder, std::uint64_t seed);
  ~StoreLoad();

  // Empty, or why the store does not open.
  std::string open();
  // One batch of `most` commands at most, drawn, submitted and answered.
  void batch(std::size_t most);
  // kill -9: what was not answered stays open in the ledger.
  void crash();
  // Everything that does not hold, in words; empty: the promise is kept. Takes what is found over into the ledger.
  // [Preconditions] open, and nothing was submitted since.
  std::vector<std::string> findings();

  sqlite::SqliteStore& store() { return *store_; }
  [[nodiscard]] bool is_open() const { return store_ != nullptr; }
  [[nodiscard]] std::size_t messages() const { return messages_.size(); }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::size_t refused_full() const { return refused_full_; }
  sqlite::Options& options() { return options_; }
  [[nodiscard]] const std::vector<std::string>& seal_lines() const { return seal_lines_; }
  [[nodiscard]] std::vector<MessageId> known() const;  // messages that were answered with OK

  // Single steps, for scripted cycles; each gives the answer.
  CommandResult accept(std::size_t octets);
  CommandResult begin(DeliveryId id);
  CommandResult finish(DeliveryId id, int attempt, DeliveryState next);
  CommandResult seal();
  ManualClock& clock() { return clock_; }

 private:
  struct Known {
    Accept accept;  // as it was handed in, with where its contents are
    std::vector<std::string> bodies;
    std::set<DeliveryId> deliveries;  // that were named in an answer
    std::size_t entries = 0;          // of the timeline that were acknowledged
    bool sure = false;                // answered with OK: it must be there
    bool absent_allowed = false;      // its metadata may have been purged
    bool bodiless_allowed = false;
  };
  struct Leg {
    MessageId message{};
    std::set<DeliveryState> states;  // one of these; more than one when an answer failed
    int attempt = 0;
    bool lane = false;
    bool busy = false;  // a command about it is under way
    WallTime changed_at;
  };
  using Answer = std::function<void(CommandResult)>;

  void submit(Command command, Answer answer);
  CommandResult run(Command command);
  // A new message, in the ledger; none when its content could not be written.
  std::optional<MessageId> make(std::size_t octets, std::size_t deliveries);
  std::string bytes(std::size_t octets);
  Answer on_accept(const MessageId& id);
  Answer on_change(DeliveryId id, DeliveryState next);
  void add_legs(const MessageId& id, const std::vector<DeliveryId>& deliveries);
  static void settle_on(Leg& leg, DeliveryState state);

  void draw();
  void draw_accept();
  void draw_again();
  void draw_begin();
  void draw_finish();
  void draw_operation();
  void draw_settlement();
  void draw_purge();
  void draw_cursor();
  std::optional<DeliveryId> any_in(std::initializer_list<DeliveryState> states);

  void check_message(Reader& reader, const MessageId& id, Known& known);
  void check_bodies(const MessageRecord& record, const Known& known);
  void check_rows();
  void check_duplicates();
  void check_recovery();
  void wrong(std::string what) { wrong_.push_back(std::move(what)); }

  FaultyDisk& disk_;
  SeededRandom random_;
  ManualClock clock_;
  IdGenerator ids_{clock_, random_};
  sqlite::Options options_;
  std::unique_ptr<sqlite::SqliteStore> store_;

  std::map<MessageId, Known> messages_;
  std::map<DeliveryId, Leg> legs_;
  std::vector<std::string> seal_lines_;
  std::set<std::string> cursor_{""};
  std::size_t acknowledged_ = 0, refused_full_ = 0, made_ = 0;
  std::vector<std::string> wrong_;
};

}  // namespace sluis::faults
