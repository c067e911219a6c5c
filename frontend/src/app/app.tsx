/** The router's mount, and who gives its requests their token. */
import { RouterProvider } from '@tanstack/react-router';
import { tokenSource } from '@/features/auth/identity';
import { useTokenSource as setTokenSource } from '@/lib/http';
import { router } from '@/app/router';

setTokenSource(tokenSource);

export function App() {
  return <RouterProvider router={router} />;
}
