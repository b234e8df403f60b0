// The connection's own piece of a turn of the loop. For connection*.cpp only.
#pragma once

#include <memory>

#include "core/net/connection.h"

namespace sluis::net {

// One dispatch by the loop. While it lasts the connection stays alive and write() only queues; at its end all that was
// queued leaves in one go.
class Connection::Turn {
 public:
  explicit Turn(Connection& connection) : self_(connection.shared_from_this()) { ++self_->turns_; }
  ~Turn() {
    if (--self_->turns_ == 0 && self_->state_ != State::closed) {
      self_->flush();
      self_->update_interest();
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::shared_ptr<Connection> self_;
};

}  // namespace sluis::net
