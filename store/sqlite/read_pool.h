// Read-only connections, kept open for the next reader.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/sqlite/connection.h"

namespace sluis::sqlite {

// [Threading] any thread. [Ownership] shared by the store and its readers: a reader may outlive the store's close().
class ReadPool {
 public:
  ReadPool(std::string file, std::string vfs, std::size_t keep)
      : file_(std::move(file)), vfs_(std::move(vfs)), keep_(keep) {}
  // Opens one when none is free: readers never wait for each other. Throws Failure.
  std::unique_ptr<Connection> take();
  void give_back(std::unique_ptr<Connection> connection);
  // Closes what is free now and everything that comes back later.
  void close();

 private:
  std::string file_, vfs_;
  std::mutex mutex_;
  std::size_t keep_;
  std::vector<std::unique_ptr<Connection>> free_;
};

}  // namespace sluis::sqlite
