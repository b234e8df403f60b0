// A certificate authority for tests: keys and certificates made on the spot, so that none is ever stored or expires in
// the tree.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/secret.h"

namespace sluis::test {

// A fresh directory, removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Writes with mode 0600 and returns the full name.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

struct CertificateWish {
  std::string common_name = "test";
  std::vector<std::string> dns_names = {};
  std::vector<std::string> ip_addresses = {};
  // Wide, so that both the system's clock and a ManualClock fall into it.
  WallTime not_before{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}};
  WallTime not_after{std::chrono::sys_days{std::chrono::year{2045} / 1 / 1}};
  bool rsa = false;  // RSA-2048; otherwise EC P-256, which is made in no time
  bool self_signed = false;
};

struct IssuedCertificate {
  std::string certificate_pem;
  Secret key_pem;
  std::string certificate_file;
  std::string key_file;
};

// [Ownership] its directory; the files go with it. [Threading] one thread at a time.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Sluis Test CA");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  [[nodiscard]] const std::string& pem() const { return pem_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

  IssuedCertificate issue(const CertificateWish& wish);
  // For localhost, 127.0.0.1 and ::1, and the names given.
  IssuedCertificate server(std::vector<std::string> dns_names = {});
  IssuedCertificate client(const std::string& common_name);
  // Like server(), but its time was 2020.
  IssuedCertificate expired_server();

 private:
  struct Keys;
  TemporaryDirectory directory_;
  std::unique_ptr<Keys> keys_;
  std::string pem_;
  std::string file_;
  long next_serial_ = 2;
};

}  // namespace sluis::test
