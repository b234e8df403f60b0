// Visibility of what libsluis-core and libsluis-protocols give to programs and plugins; everything else is hidden.
#pragma once

#define SLUIS_API __attribute__((visibility("default")))
#define SLUIS_CORE_API SLUIS_API
#define SLUIS_PROTOCOLS_API SLUIS_API
