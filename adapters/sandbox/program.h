// The command line of sluis-sandbox, and its life: start a side, say where it listens, stop at SIGTERM.
#pragma once

namespace sluis::sandbox {

// 0: stopped by a signal. 1: could not start; stderr says why. 2 and above: the command line was wrong.
int run(int argc, char** argv);

}  // namespace sluis::sandbox
