#include "tests/store/sqlite/sqlite_test.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluis::sqlite::test {

SqliteTest::SqliteTest() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluis-sqlite-XXXXXX").string();
  options_.folder = ::mkdtemp(pattern.data());
  options_.seal_key = Secret{"the key of the tests"};
  options_.threading = Options::Threading::manual;
  options_.free_space = [] { return 1ULL << 40U; };
}

SqliteTest::~SqliteTest() {
  store_.reset();
  std::filesystem::remove_all(options_.folder);
}

void SqliteTest::open() {
  store_.reset();
  auto opened = SqliteStore::make(options_, clock_, Log{}, nullptr);
  ASSERT_TRUE(opened.ok()) << opened.error().what;
  store_ = std::move(opened).value();
}

std::string SqliteTest::open_error() {
  auto opened = SqliteStore::make(options_, clock_, Log{}, nullptr);
  return opened.ok() ? std::string{} : opened.error().code + ": " + opened.error().what;
}

CommandResult SqliteTest::run(Command command) {
  std::optional<CommandResult> answer;
  store_->submit(std::move(command), [&answer](CommandResult result) { answer = std::move(result); });
  store_->pump();
  if (!answer) return Error{"test.unanswered", "the command was not answered"};
  return std::move(*answer);
}

Accept SqliteTest::accepting(std::string_view text, bool deliver) {
  Accept accept;
  accept.message.id = ids_.next();
  accept.message.received_at = clock_.wall();
  accept.message.from = "drop";
  accept.message.customer = "acme";
  accept.message.attributes.set("mail.subject", "a subject to be found");
  Part part;
  part.content = Content::inline_of(std::string(text));
  accept.message.parts.push_back(std::move(part));
  if (deliver) {
    NewDelivery made;
    made.destination = {"out", "acme", "box-of-the-authority@mail.example"};
    made.customer = "acme";
    made.due_at = clock_.wall();
    accept.deliveries.push_back(std::move(made));
  }
  return accept;
}

void SqliteTest::execute(const std::string& sql) {
  Connection connection(file("sluis.db"), Connection::Mode::write, {});
  connection.execute(sql.c_str());
}

std::vector<VerifyFinding> SqliteTest::findings() {
  auto reader = store_->read(std::chrono::minutes{1});
  if (!reader.ok()) return {{"read", reader.error().what}};
  auto report = reader.value()->verify({});
  return report.ok() ? report.value().findings : std::vector<VerifyFinding>{{"verify", report.error().what}};
}

std::vector<DeliveryId> SqliteTest::claim() {
  Holds holds;
  holds.channels.push_back({"out", 10, 0, {}});
  auto claims = store_->claim(holds, clock_.wall());
  std::vector<DeliveryId> ids;
  if (claims.ok())
    for (const Claim& one : claims.value()) ids.push_back(one.record.delivery.id);
  return ids;
}

DeliveryState SqliteTest::state(DeliveryId id) {
  auto reader = store_->read(std::chrono::minutes{1});
  return reader.value()->delivery(id).value().value().state;
}

bool damage(const std::string& file, std::string_view bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const std::size_t at = all.find(bytes);
  if (at == std::string::npos) return false;
  stream.clear();
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(all[at] ^ 1));
  return stream.good();
}

}  // namespace sluis::sqlite::test
