#include "store/sqlite/read_pool.h"

namespace sluis::sqlite {

std::unique_ptr<Connection> ReadPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto connection = std::move(free_.back());
      free_.pop_back();
      return connection;
    }
  }
  auto connection = std::make_unique<Connection>(file_, Connection::Mode::read, vfs_);
  sqlite3_busy_timeout(connection->raw(), 1000);  // only while the WAL's index is rebuilt after a crash
  return connection;
}

void ReadPool::give_back(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < keep_) free_.push_back(std::move(connection));
}

void ReadPool::close() {
  const std::lock_guard lock(mutex_);
  keep_ = 0;
  free_.clear();
}

}  // namespace sluis::sqlite
