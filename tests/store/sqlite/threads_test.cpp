#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <thread>

#include "tests/store/sqlite/sqlite_test.h"

namespace sluis::sqlite::test {

namespace {

// Counts answers; waits with a deadline, on real time, for a real thread.
class Answers {
 public:
  void add(bool ok) {
    const std::lock_guard lock(mutex_);
    ++(ok ? good_ : bad_);
    ready_.notify_all();
  }
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return ready_.wait_for(lock, std::chrono::seconds{60}, [&] { return good_ + bad_ >= count; });
  }
  int bad() {
    const std::lock_guard lock(mutex_);
    return bad_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  int good_ = 0, bad_ = 0;
};

}  // namespace

TEST_F(SqliteTest, TakesCommandsOfSeveralThreadsWhileOthersReadAndClaim) {
  options_.threading = Options::Threading::own_thread;
  open();
  Answers answers;
  constexpr int each = 100;
  const auto submit = [&] {
    for (int i = 0; i < each; ++i)
      store_->submit(accepting(), [&answers](const CommandResult& result) { answers.add(result.ok()); });
  };
  std::thread first(submit), second(submit);
  std::size_t claimed = 0;
  for (int i = 0; i < 20; ++i) {
    claimed += claim().size();
    auto reader = store_->read(std::chrono::minutes{1});
    EXPECT_TRUE(reader.value()->queues().ok());
  }
  first.join();
  second.join();
  ASSERT_TRUE(answers.wait_for(2 * each));
  EXPECT_EQ(answers.bad(), 0);
  while (const std::size_t more = claim().size()) claimed += more;
  EXPECT_EQ(claimed, 2U * each);
  EXPECT_TRUE(findings().empty());
}

TEST_F(SqliteTest, CommitsWhatWasSubmittedBeforeItCloses) {
  options_.threading = Options::Threading::own_thread;
  open();
  Answers answers;
  for (int i = 0; i < 300; ++i)
    store_->submit(accepting(), [&answers](const CommandResult& result) { answers.add(result.ok()); });
  store_->close();
  ASSERT_TRUE(answers.wait_for(300));
  EXPECT_EQ(answers.bad(), 0);
}

// A real kill -9 of a process in the middle of its commits: what it had been told is durable is there.
TEST_F(SqliteTest, KeepsWhatWasAnsweredBeforeARealKill) {
  for (int round = 0; round < 3; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(::pipe(pipe_fds), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe_fds[0]);
      clock_.advance(std::chrono::hours{round + 1});  // other ids than the rounds before
      auto opened = SqliteStore::make(options_, clock_, Log{}, nullptr);
      if (!opened.ok()) ::_exit(1);
      for (;;) {
        const Accept accept = accepting();
        opened.value()->submit(accept, [&](const CommandResult& result) {
          if (result.ok() && ::write(pipe_fds[1], accept.message.id.bytes.data(), 16) != 16) ::_exit(2);
        });
        opened.value()->pump();
      }
    }
    ::close(pipe_fds[1]);
    std::vector<MessageId> told;
    const auto read_one = [&] {
      MessageId id;
      if (::read(pipe_fds[0], id.bytes.data(), 16) != 16) return false;
      told.push_back(id);
      return true;
    };
    for (int i = 0; i < 20 + round * 7; ++i) ASSERT_TRUE(read_one());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (read_one()) {}
    ::close(pipe_fds[0]);
    open();
    auto reader = store_->read(std::chrono::minutes{1});
    for (const MessageId& id : told) EXPECT_TRUE(reader.value()->message(id).value().has_value()) << id.text();
    EXPECT_TRUE(findings().empty());
    reader.value().reset();
    store_->close();
  }
}

}  // namespace sluis::sqlite::test
