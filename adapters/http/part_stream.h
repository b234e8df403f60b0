// One part's bytes from the content store to a client, as fast as the client takes them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/http/reply.h"
#include "core/message/content.h"
#include "core/message/message.h"
#include "core/net/http/handler.h"
#include "core/runtime/log.h"
#include "core/runtime/worker_pool.h"

namespace sluis::http {

// [Ownership] the session's handler, and shared with its work in the pool. [Threading] on_… on the loop; the disk is
// read in the pool, one piece of work at a time. [Errors] content that cannot be read to its end is broken off, so that
// the client cannot take it for whole.
class PartStream final : public net::http::RequestHandler, public std::enable_shared_from_this<PartStream> {
 public:
  PartStream(ReplyPtr reply, std::shared_ptr<WorkerPool> pool, Log log)
      : reply_(std::move(reply)), pool_(std::move(pool)), log_(std::move(log)) {}

  // In the pool: finds the part and begins; the answer is given here too when there is none.
  void send(const Message& message, std::size_t number, bool purged, ContentStore& store);

  void on_drained() override;
  void on_aborted(const Error& reason) override;

 private:
  void pump();
  const ReplyPtr reply_;
  const std::shared_ptr<WorkerPool> pool_;  // shared with the channel, which stops it
  const Log log_;
  std::mutex mutex_;  // guards the reader, which one piece of work has at a time
  std::unique_ptr<ContentReader> reader_;
  std::string what_;
  std::atomic<bool> gone_{false};
};

}  // namespace sluis::http
