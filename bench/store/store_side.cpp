#include <condition_variable>
#include <deque>
#include <mutex>

#include "bench/harness/measured_region.h"
#include "bench/store/open_store.h"
#include "bench/store/sides.h"
#include "bench/store/workload.h"

namespace sluis::bench {

namespace {

struct Answer {
  std::size_t producer = 0;
  CommandResult result;
};

// From the writer's thread to the producers' loop.
class Answers {
 public:
  void put(Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
    if (answers_.size() == 1) there_.notify_one();
  }
  std::deque<Answer> take() {
    std::unique_lock lock(mutex_);
    there_.wait(lock, [this] { return !answers_.empty(); });
    return std::exchange(answers_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  std::deque<Answer> answers_;
};

struct Producer {
  std::uint64_t number = 0;
  DeliveryId delivery{};
  MonoTime submitted;
  enum class Step { accept, begin, finish } step = Step::accept;
};

class Producers {
 public:
  Producers(sqlite::SqliteStore& store, const StoreRun& run)
      : store_(store), workload_(clock_, run.body_octets), all_(run.producers), next_(run.first) {}

  // Until `messages` more are delivered.
  void deliver(std::uint64_t messages) {
    const std::uint64_t end = next_ + messages;
    std::size_t busy = 0;
    for (std::size_t i = 0; i < all_.size() && next_ < end; ++i, ++busy) begin_message(i);
    while (busy > 0)
      for (Answer& answer : answers_.take()) {
        const bool delivered = advance(answer);
        if (!delivered) continue;
        if (next_ < end)
          begin_message(answer.producer);
        else
          --busy;
      }
  }

  std::vector<double> waits;  // of accepts, in milliseconds

 private:
  void begin_message(std::size_t producer) {
    all_[producer].number = next_++;
    all_[producer].step = Producer::Step::accept;
    submit(producer, workload_.accept(all_[producer].number));
  }

  // True: its message is delivered.
  bool advance(Answer& answer) {
    Producer& producer = all_[answer.producer];
    if (!answer.result.ok()) give_up(answer.result.error().code + ": " + answer.result.error().what);
    const CommandValue& value = answer.result.value();
    switch (producer.step) {
      case Producer::Step::accept:
        waits.push_back(static_cast<double>((clock_.mono() - producer.submitted).count()) / 1000);
        if (std::get<AcceptDone>(value).accepted.duplicate) give_up("a message was taken for a duplicate");
        producer.delivery = std::get<AcceptDone>(value).deliveries.at(0);
        producer.step = Producer::Step::begin;
        submit(answer.producer, workload_.begin(producer.delivery));
        return false;
      case Producer::Step::begin:
        producer.step = Producer::Step::finish;
        submit(answer.producer, workload_.finish(producer.delivery, std::get<Begun>(value).attempt, producer.number));
        return false;
      case Producer::Step::finish:
        if (!std::get<Finished>(value).applied) give_up("an attempt's end was not applied");
        return true;
    }
    return true;
  }

  void submit(std::size_t producer, Command command) {
    all_[producer].submitted = clock_.mono();
    store_.submit(std::move(command), [this, producer](CommandResult result) {
      answers_.put({producer, std::move(result)});
    });
  }

  sqlite::SqliteStore& store_;
  SystemClock clock_;
  Workload workload_;
  std::vector<Producer> all_;
  std::uint64_t next_;
  Answers answers_;
};

}  // namespace

void run_store_side(const StoreRun& run) {
  Metrics metrics;
  const auto store = open_store(run.folder, sqlite::Options::Threading::own_thread, &metrics);
  Producers producers(*store, run);
  producers.deliver(run.warm_up);
  producers.waits.clear();
  Metrics::Counter& commits = metrics.counter("sluis_store_commits_total", "Transactions committed");
  const double before = commits.value();
  const MeasuredRegion region;
  producers.deliver(run.messages);
  auto values = region.finish();
  const double committed = commits.value() - before;
  store->close();
  values["messages"] = static_cast<double>(run.messages);
  values["commits"] = committed;
  values["commands_per_commit"] = 3 * static_cast<double>(run.messages) / committed;
  values["accept_p50_ms"] = percentile(producers.waits, 0.50);
  values["accept_p99_ms"] = percentile(producers.waits, 0.99);
  report(values);
}

void prefill(const StoreRun& run, bool queued, const std::string& channel) {
  constexpr std::size_t at_once = 4096;
  const auto store = open_store(run.folder, sqlite::Options::Threading::manual, nullptr, at_once);
  const SystemClock clock;
  Workload workload(clock, run.body_octets, channel);
  std::vector<CommandResult> results;
  const auto pump = [&] {
    while (store->pump() > 0) {}
    for (const CommandResult& result : results)
      if (!result.ok()) give_up(result.error().code + ": " + result.error().what);
    return std::exchange(results, {});
  };
  const auto submit = [&](Command command) {
    store->submit(std::move(command), [&results](CommandResult result) { results.push_back(std::move(result)); });
  };
  for (std::uint64_t done = 0; done < run.messages;) {
    const std::uint64_t count = std::min<std::uint64_t>(at_once, run.messages - done);
    for (std::uint64_t i = 0; i < count; ++i) submit(workload.accept(run.first + done + i));
    const auto accepted = pump();
    if (!queued) {
      std::vector<DeliveryId> deliveries;
      for (const CommandResult& one : accepted)
        deliveries.push_back(std::get<AcceptDone>(one.value()).deliveries.at(0));
      for (const DeliveryId delivery : deliveries) submit(workload.begin(delivery));
      pump();
      for (std::size_t i = 0; i < deliveries.size(); ++i)
        submit(workload.finish(deliveries[i], 1, run.first + done + i));
      pump();
    }
    done += count;
  }
  store->close();
  report({{"messages", static_cast<double>(run.messages)}});
}

}  // namespace sluis::bench
