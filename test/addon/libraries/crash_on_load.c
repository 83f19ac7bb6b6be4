// Dies while being loaded.
#include "export.h"

static void crash(void) {
  volatile int* volatile nowhere = 0;  // volatile, else the compiler leaves the crash out
  *nowhere = 0;
}

#ifdef _WIN32
#include <windows.h>
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) crash();
  return TRUE;
}
#else
__attribute__((constructor)) static void start(void) { crash(); }
#endif
