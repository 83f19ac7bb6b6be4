// Never comes back from being loaded.
#include "export.h"

#ifdef _WIN32
#include <windows.h>
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) Sleep(INFINITE);
  return TRUE;
}
#else
#include <unistd.h>
__attribute__((constructor)) static void hang(void) {
  for (;;) pause();
}
#endif
