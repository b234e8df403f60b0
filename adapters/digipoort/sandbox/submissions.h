// Takes what was submitted and sends the answers: the middle of the other side, between MSA and maildrops.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "adapters/digipoort/sandbox/answers.h"
#include "adapters/sandbox/ledger.h"
#include "adapters/sandbox/maildrops.h"
#include "adapters/sandbox/msa_server.h"
#include "adapters/sandbox/side.h"

namespace sluis::sandbox::digipoort {

struct SubmissionSettings {
  Duration answer_after = 200ms;
  std::string shared_mailbox;  // empty: an answer goes to the mailbox of the account that sent
  std::string hostname = "localhost";
};

// A mail is `received/<id>.eml` and a line "received" in the ledger, both on the disk before take() returns. Its
// answers are lines "answered", or one line "unanswered" with the reason. A second copy of a mail (by Message-ID;
// without one, by its octets) is written down as a duplicate and not answered again. [Ownership] frame and maildrops
// outlive it. [Threading] take(): pool threads. start(): before any session. [Durability] start() sends what a crash
// has left unanswered; an answer whose line is missing is sent again under the same Message-ID.
class Submissions final : public SubmissionTaker {
 public:
  // Reads what the ledger has so far.
  static Result<std::unique_ptr<Submissions>> open(const Frame& frame, const SubmissionSettings& settings);

  [[nodiscard]] Ledger& ledger() { return *ledger_; }
  void start(Maildrops& maildrops);
  Result<Taken> take(const Submission& submission) override;
  [[nodiscard]] Event counts() const;

 private:
  struct Received {
    std::string id;
    std::string account;
    std::string mailbox;
    std::string message_id;
  };

  Submissions(const Frame& frame, SubmissionSettings settings) : frame_(frame), settings_(std::move(settings)) {}
  void read(const Event& event);
  std::shared_ptr<const Answers> answers_for(const Received& received, std::string_view payload, bool refuse) const;
  void send_all(const Received& received, const std::shared_ptr<const Answers>& answers, bool wait);
  void send(const Received& received, const Answers& answers, std::size_t index);
  void leave_unanswered(const Received& received, const std::string& why);
  void note(const Status& done);
  [[nodiscard]] Result<std::string> mail_of(const Received& received, const std::string& mailbox,
                                            const Answer& answer) const;

  const Frame frame_;
  const SubmissionSettings settings_;
  Maildrops* maildrops_ = nullptr;
  std::unique_ptr<Ledger> ledger_;

  mutable std::mutex mutex_;
  std::set<std::string> seen_;                             // Message-IDs, or digests of mails without one
  std::map<std::string, Received> open_;                   // from the ledger: received, not yet settled
  std::map<std::string, std::set<std::string>> answered_;  // from the ledger: of which mail, which
  std::size_t received_ = 0;
  std::size_t duplicates_ = 0;
  std::size_t answers_ = 0;
};

}  // namespace sluis::sandbox::digipoort
