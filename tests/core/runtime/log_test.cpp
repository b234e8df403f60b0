#include "core/runtime/log.h"

#include <gtest/gtest.h>

namespace sluis {
namespace {

struct Lines {
  std::vector<std::string> lines;
  std::unique_ptr<LogSink> sink() {
    return function_log_sink([this](const LogRecord& record) { lines.push_back(json_line(record)); });
  }
};

TEST(Log, WritesOneJsonObjectWithBoundAndOwnFields) {
  ManualClock clock;
  Lines lines;
  const Log log = Log(clock, lines.sink()).with({"channel", "digipoort"});
  log.info("delivery.delivered", "taken by the peer", {{"attempt", 2}, {"in_doubt", false}});
  ASSERT_EQ(lines.lines.size(), 1U);
  EXPECT_EQ(lines.lines[0],
            R"({"at":"2026-01-01T00:00:00.000Z","level":"info","event":"delivery.delivered","text":"taken by the peer",)"
            R"("channel":"digipoort","attempt":2,"in_doubt":false})");
}

TEST(Log, APeerCannotForgeALine) {
  ManualClock clock;
  Lines lines;
  const Log log(clock, lines.sink());
  log.info("x", "y", {{"reply", "250 ok\r\n{\"level\":\"error\"}\x1b[2J \xff"}});
  EXPECT_EQ(lines.lines[0].find('\n'), std::string::npos);
  EXPECT_NE(lines.lines[0].find(R"(250 ok\u000d\u000a{\"level\":\"error\"}\u001b[2J \ufffd)"), std::string::npos) << lines.lines[0];
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  ManualClock clock;
  Lines lines;
  const Log log(clock, lines.sink(), LogLevel::warning);
  log.info("a", "");
  log.error("b", "");
  log.set_least(LogLevel::debug);
  log.debug("c", "");
  EXPECT_EQ(lines.lines.size(), 2U);
}

}  // namespace
}  // namespace sluis
