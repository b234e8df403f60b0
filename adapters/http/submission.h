// POST …/messages: a body on its way into the content store, and then the message it becomes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/body_parts.h"
#include "adapters/http/reply.h"
#include "core/channel/context.h"
#include "core/net/http/handler.h"
#include "core/runtime/worker_pool.h"

namespace sluis::http {

// What a request says of its message before the body: from query and header fields.
struct SubmissionHead {
  Part part;                            // the payload, as far as the head describes it
  std::optional<std::string> boundary;  // of multipart/form-data: each part of the body is a part of the message
  Attributes attributes;
  std::optional<DedupeKey> key;
};
// Problems come as the response: 400 with a code.
struct SubmissionRules {
  bool require_key = true;
  std::string default_flow;  // of the account
};
std::variant<SubmissionHead, net::http::Response> read_submission_head(const net::http::Request& request,
                                                                       const std::string& customer,
                                                                       const SubmissionRules& rules);
// 201, or what the refusal is in HTTP. `path`: where the API is served.
net::http::Response submission_response(const IntakeResult& result, std::string_view path);

// At most one piece of the body waits in memory while the one before it is written: the client is held back until then.
// Nothing of an upload that breaks off is kept. Safe after a crash: until the commit there is only content that no
// message names; the client got no answer and comes again with its Idempotency-Key.
// [Ownership] the session's handler, shared with its work in the pool. [Threading] on_… on the loop; the disk is
// written in the pool, one piece of work at a time.
class Submission final : public net::http::RequestHandler, public std::enable_shared_from_this<Submission> {
 public:
  Submission(ReplyPtr reply, std::shared_ptr<WorkerPool> pool, ChannelContext& context, std::string customer,
             std::string path, SubmissionHead head)
      : reply_(std::move(reply)),
        pool_(std::move(pool)),
        context_(context),
        customer_(std::move(customer)),
        path_(std::move(path)),
        head_(std::move(head)) {}
  ~Submission() override;

  void on_body(std::string_view bytes) override;
  void on_end() override;
  void on_aborted(const Error& reason) override;

 private:
  void refuse(const Error& error);  // of the store
  void store(std::string piece);
  void finish();
  void post(Task task);

  ReplyPtr reply_;
  const std::shared_ptr<WorkerPool> pool_;
  ChannelContext& context_;  // used while the reply's place is held
  const std::string customer_, path_;
  SubmissionHead head_;
  std::string buffer_;
  std::unique_ptr<BodyParts> parts_;  // the pool's
  bool refused_ = false;              // written before the loop is told to go on
  std::atomic<bool> gone_{false};
};

}  // namespace sluis::http
